"""The git and DVC repository of a workspace: made where there is none, committed to with care. See `git log` there."""

from __future__ import annotations

import logging
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tandem.errors import Refused
from tasks.plot_templates import TEMPLATES, write_templates
from tasks.workspace import read_settings

REMOTE = "storage"
IGNORED = ("/.tandem/", "/data/quarantine/", "/data/documents", "/data/examples.jsonl", "/artifacts/")
POINTERS = ("data/documents.dvc", "data/examples.jsonl.dvc", "data/labels.json", "data/.gitignore", "dvc.lock")
DVC_FILES = (".dvc/config", ".dvc/.gitignore", *(f".dvc/plots/{name}.json" for name in TEMPLATES))
FIRST_COMMIT = (".gitignore", ".dvcignore", *DVC_FILES, "dvc.yaml", "params.yaml")
DVCIGNORE = """\
# What DVC must not look into: it walks the whole tree for every command.
/.tandem/
/.venv/
/data/quarantine/
__pycache__/
node_modules/
# What editors and file browsers leave behind is no document.
.DS_Store
Thumbs.db
*.swp
*~
.#*
~$*
"""


def create_repository(root: Path, remote: str | None = None, own_git: bool = False, home: Path | None = None) -> None:
    """Make `root` a git and DVC repository, each only where it is none yet; running it again changes nothing.

    A git repository around it is used unless `own_git`, and nothing is committed there; a new one gets a first commit. Where git ignores
    the pointer files (the demo in the project's own tree), DVC runs without git. The remote is `remote`, else `TANDEM_DVC_REMOTE`,
    else the folder `<root>/.tandem/dvc-remote`; one that is configured already is kept unless another is given. `home` is where `root`
    will lie once it is renamed. Raises Refused where git already tracks the data, or DVC takes no such remote.
    """
    root = root.resolve()
    is_new = _create_git(root, own_git)
    _refuse_tracked(root)
    _ignore(root)
    if not (root / ".dvcignore").exists():
        (root / ".dvcignore").write_text(DVCIGNORE, encoding="utf-8")
    _create_dvc(root, remote or read_settings().dvc_remote, home or root)
    if is_new:
        with suppress(subprocess.CalledProcessError):  # a hook of the user may refuse; the files lie there to be committed by hand
            _git_commit(root, [name for name in FIRST_COMMIT if (root / name).is_file()], "Start the workspace")


def _create_git(root: Path, own: bool) -> bool:
    """Whether a repository was made. One that ignores this folder does not count as being around it."""
    if shutil.which("git") is None:
        return False
    around = git(root, "rev-parse", "--show-toplevel", check=False)
    if around and (Path(around).resolve() == root or not (own or _is_git_ignored(root, str(root)))):
        return False
    git(root, "init", "--quiet")
    return True


def _refuse_tracked(root: Path) -> None:
    tracked = git(root, "ls-files", "--", "data/documents", "data/examples.jsonl", check=False).splitlines()
    if tracked:
        raise Refused(
            f"git already tracks {len(tracked)} files below {root / 'data'} ({tracked[0]}, ...); DVC can only version what git does not",
            hint="Run `git rm -r --cached data/documents data/examples.jsonl` (the files stay where they are) and run again.",
        )


def _ignore(root: Path) -> None:
    missing = [line for line in IGNORED if not _is_git_ignored(root, line.lstrip("/") + ("x" if line.endswith("/") else ""))]
    if missing and _top_of(root):
        path = root / ".gitignore"
        before = path.read_text(encoding="utf-8") if path.is_file() else ""
        path.write_text(before + ("\n" if before and not before.endswith("\n") else "") + "\n".join(missing) + "\n", encoding="utf-8")


def _create_dvc(root: Path, remote: str | None, home: Path) -> None:
    from dvc.exceptions import DvcException
    from dvc.repo import Repo

    _quiet_dvc()
    if not (root / ".dvc").is_dir():
        top = _top_of(root)
        without_git = top is None or any(_is_git_ignored(root, name) for name in (".dvc/config", "data/documents.dvc", "dvc.lock"))
        Repo.init(str(root), no_scm=without_git, subdir=not without_git and top != root).close()
    write_templates(root / ".dvc")
    try:
        with dvc_repository(root) as repo, repo.config.edit("repo") as config:
            config["core"]["analytics"] = False
            config["core"]["autostage"] = False
            if remote or "remote" not in config["core"]:
                config["remote"][REMOTE] = {"url": _remote_url(root, remote, home)}
                config["core"]["remote"] = REMOTE
    except (DvcException, OSError) as error:
        seen = f"DVC cannot use the remote {remote or home / '.tandem' / 'dvc-remote'}: {' '.join(str(error).split())}"
        raise Refused(seen, hint="Set TANDEM_DVC_REMOTE to a folder or URL, or unset it.") from error


def _remote_url(root: Path, remote: str | None, home: Path) -> str:
    """The URL, or the absolute folder, which is made."""
    if remote and "://" in remote:
        return remote
    folder = Path(remote).expanduser().resolve() if remote else root / ".tandem" / "dvc-remote"
    folder.mkdir(parents=True, exist_ok=True)
    return str(folder if remote else home / ".tandem" / "dvc-remote")


def _quiet_dvc() -> None:
    """Its advice for the command line would end on stdout, amid the JSON of ours. Its errors are raised as well as logged."""
    logging.getLogger("dvc").setLevel(logging.CRITICAL)


@contextmanager
def dvc_repository(root: Path) -> Iterator[Any]:
    """The DVC repository, waiting for its lock rather than failing after 3 s."""
    from dvc.repo import Repo

    _quiet_dvc()
    if not (root / ".dvc").is_dir():
        raise Refused(f"{root} is no DVC repository", hint=f"Run `tandem init {root}`.")
    with Repo(str(root), _wait_for_lock=True) as repo:
        yield repo


def commit_of(root: Path) -> str | None:
    """The git commit that is checked out; None without git or before the first commit."""
    return git(root, "rev-parse", "--verify", "--quiet", "HEAD", check=False) or None


def _top_of(root: Path) -> Path | None:
    """The top folder of the git repository around `root`."""
    top = git(root, "rev-parse", "--show-toplevel", check=False)
    return Path(top).resolve() if top else None


def commit_pointers(root: Path, message: str) -> tuple[str | None, str | None]:
    """The new commit, or None and, where that is not simply for lack of changes, the reason."""
    if _top_of(root) is None:
        return None, "not committed: no git repository"
    names = [name for name in POINTERS if (root / name).is_file() and not _is_git_ignored(root, name)]
    try:
        return (_git_commit(root, names, message) if names else None), None
    except subprocess.CalledProcessError as error:
        return None, f"not committed: {' '.join((error.stderr or error.stdout).split())}; the next record does it"


def _git_commit(root: Path, names: Sequence[str], message: str) -> str | None:
    """Commit these files and nothing else that may be staged; None where they hold no change."""
    git(root, "add", "--", *names)
    if not git(root, "status", "--porcelain", "--", *names):
        return None
    identity = [] if git(root, "config", "user.email", check=False) else ["-c", "user.name=Tandem", "-c", "user.email=tandem@localhost"]
    git(root, *identity, "-c", "commit.gpgsign=false", "commit", "--quiet", "--only", "--message", message, "--", *names)
    return commit_of(root)


def _is_git_ignored(root: Path, name: str) -> bool:
    return bool(git(root, "check-ignore", "--no-index", "--", name, check=False))


def git(root: Path, *arguments: str, check: bool = True) -> str:
    """What git prints. With `check=False` a failure, or no git at all, is the empty string."""
    if shutil.which("git") is None:
        return ""
    done = subprocess.run(["git", *arguments], cwd=root, check=check, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    return done.stdout.strip() if done.returncode == 0 else ""
