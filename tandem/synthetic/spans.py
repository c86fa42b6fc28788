# ruff: noqa: SIM905 - lists of words read better as text
"""Longer values: amounts with conditions, menu paths, instructions, reasons, consequences, positions, lists."""

import re
from collections.abc import Callable
from random import Random

from tandem.synthetic import words
from tandem.synthetic.split import Side

Maker = Callable[[Random, Side], str]

BUTTONS = (
    "left|right|upper|lower|round|red|green|start|stop|mode|plus|minus|middle|side|light|fan|timer|memory|lock|arrow|clear|test|sync|mute"
).split("|")
LAMPS = "lamp|light|display|ring|LED|status light|arrow|screen|clock|indicator".split("|")
SIGNS = (
    "starts to blink|goes out|turns green|turns orange|stays on|flashes twice|shows 0|shows OK|shows a tick|turns white|fades|"
    "counts down|changes colour|stops blinking"
).split("|")
MENUS = (
    "Settings|Menu|Tools|Account|Options|System|Profile|Administration|Home|Extras|Service|General|Devices|Preferences|My page|More"
).split("|")
ENTRIES = (
    "Privacy|Sound|Language|Clock|Alarms|Users|Rights|Orders|Invoices|History|Export|Backup|Sharing|Display|Brightness|Region|Units|"
    "Connections|Sensors|Calendar|Reminders|Statistics|Updates|Storage|Security|Payment|Addresses|Documents|Requests|Absences|Templates|"
    "Filters|Labels|Printing|Archive|Power saving|Night mode|Child lock|Diagnosis|Licences|Maintenance|Programmes|Limits|Teams"
).split("|")
TOOLS = (
    "a soft brush|a dry cloth|a damp sponge|a 5 mm Allen key|a flat screwdriver|a cross-head screwdriver|a torque wrench|a pipe cleaner|"
    "a rubber mallet|compressed air|a toothbrush|cotton swabs|warm soapy water|silicone spray|a wooden stick|needle-nose pliers|"
    "a 13 mm spanner|a multimeter|a feeler gauge|a funnel|rubbing alcohol|lint-free paper|an old towel|a bucket|a vacuum cleaner|"
    "fine sandpaper|machine oil|the supplied key|the tool from the box|a plastic scraper|masking tape|a step ladder|a torch"
).split("|")
REASONS = (
    "the coating wears off|dust settles in the corners|the rubber hardens with age|heat makes the metal expand|"
    "the sensor needs a clean surface|"
    "salt attacks the surface|the oil gets thick in the cold|vibration loosens the screws|bacteria grow in standing water|"
    "the tax office asks for it|the insurer insists on it|two people once got hurt|the old way took too long|prices change every spring|"
    "the law requires a second pair of eyes|the rooms are needed in the afternoon|nobody could find the papers|"
    "the post takes longer abroad|"
    "the counter only updates at midnight|the auditors look at every case|storage space is short|neighbours complained about the noise|"
    "copies were handed to strangers|the battery suffers from deep discharge|lime builds up inside|light fades the colours|"
    "the glue needs time to set|moisture gets under the cover|the parts come from two suppliers|the team is small in summer"
).split("|")
CONSEQUENCES = (
    "the motor switches itself off|the guarantee is void|a fee is added to the next bill|the place goes to the next person|"
    "the surface turns yellow|the seat is given away|the alarm sounds|the account is blocked|the machine stops after a minute|"
    "the readings drift|the request is closed without an answer|mould grows inside|the belt slips|the order is cancelled|"
    "all entries are lost|the price goes back to normal|the pump runs dry|you get a reminder by post|the door stays locked|"
    "the claim is turned down|the insurance does not pay|the amount is taken from the deposit|the joints begin to rust|"
    "the next person has to wait|a technician must unlock it|the fan gets louder|the blades go blunt|the next visit is charged in full|"
    "your supervisor gets a message|the balance drops to zero"
).split("|")
SPOTS = (
    "on the underside|on the back|under the lid|behind the front panel|inside the battery compartment|on the inside of the door|"
    "below the handle|next to the power socket|on a sticker near the plug|under the left foot|on the rim|at the bottom of the box|"
    "on the first page of the manual|at the top right of the invoice|behind the rubber cap|on the type plate|between the two hinges|"
    "above the display|in the lower corner|on the lid of the carton|under the seat|beside the drain"
).split("|")
PROOFS_OF_WORK = (
    "you hear a click|the cover sits flush|no more air comes out|the handle moves freely|a message arrives|the water runs clear|"
    "nothing rattles any more|the hand stands at zero|the edges are even|it runs without noise|two short tones sound|"
    "the paper comes out dry"
).split("|")
EVENTS_FROM = (
    "of delivery|of receipt|after the purchase|after the invoice date|of the event|after the last use|of signing|after the first payment|"
    "of the decision|after your return|of noticing it|after the course|of hand-over|from the date of the letter|after opening the pack|"
    "of the accident|after collection|from the end of the month"
).split("|")
EVENTS_TO = (
    "before the start|before departure|before the end of the term|in advance|before the renewal|before the visit|ahead of the first day|"
    "before your arrival|before the shift|before the deadline"
).split("|")
EACH = (
    "for each started hour|per person and night|for every further kilogram|per item plus postage|a year per household|for the first hour|"
    "per visit including travel|for two people|per metre|per copy|plus the cost of materials|for non-members|with a card|without tax|"
    "for each missing part|from the second time on|per child and day|on top of the rent|a month, payable in advance|per pallet and week"
).split("|")
PAPERS = (
    "proof of purchase|a photo of the damage|the signed form|an identity card|the order number|a copy of the contract|your member number|"
    "a letter from the doctor|two offers|a recent payslip|the stamped slip|the original packaging|a cost estimate|the hand-over record|"
    "a police report|the customer number|bank details|the last bill|a passport photo|a short written reason|proof of address|"
    "the meter reading|a certificate of training|the vehicle papers"
).split("|")
CONDITIONS = {
    "duration": EVENTS_FROM,
    "days": ("plus public holidays", "in the first year", "at full pay", "at half pay", "for each child", "after a year of service"),
    "money": EACH,
    "percent": (
        "of the list price",
        "of the fee",
        "of the net amount",
        "of the monthly pay",
        "of the cost",
        "of the last salary",
        "of sales",
    ),
    "frequency": ("and after every fault", "in the season", "but not in August", "as long as it is in use", "or after a fall"),
    "count": ("per account", "on the lower shelf", "in a row", "per household", "at the same time", "a day"),
}


PLURALS = [words.plural(noun) for noun in words.THINGS[:60]]


def condition(rng: Random, kind: str, value: str) -> str:
    """The value with what it depends on: "14 days" -> "14 days after the invoice date"."""
    return f"{value} {rng.choice(CONDITIONS[kind])}"


def _joined(rng: Random, items: list[str], last: str = " and ") -> str:
    return items[0] if len(items) == 1 else ", ".join(items[:-1]) + last + items[-1]


def _menu(rng: Random, side: Side) -> str:
    joint = rng.choice([" > ", " > ", " > ", " / ", ">"])
    return joint.join([rng.choice(MENUS), *rng.sample(ENTRIES, rng.choice([1, 1, 2]))])


STEPS = (
    "hold {button} for {seconds}|keep {button} pressed for {seconds}|press {button} {until}|press {button} {times}|"
    "hold {button} and the {other} one for {seconds}|turn {button} to the {way} {until}|hold {button} while you plug it in|"
    "pull the plug, wait {seconds} and plug it in again|switch it off at the wall for {seconds}|"
    "open {menu} and choose {entry}|go to {menu}|"
    "push the {lever} {direction} {until}|unscrew the {cap} and shake it out|fill it with {warm} water and leave it overnight|"
    "let it run empty for {seconds}"
).split("|")
_STEP_PARTS: dict[str, Callable[[Random], str]] = {
    "button": lambda rng: f"the {rng.choice(BUTTONS)} {rng.choice(['button', 'button', 'key', 'knob'])}",
    "seconds": lambda rng: f"{rng.choice([*words.NUMBER_WORDS[1:9], 'ten', '15', '20', '3'])} seconds",
    "until": lambda rng: f"until the {rng.choice(LAMPS)} {rng.choice(SIGNS)}",
    "times": lambda rng: rng.choice(["twice", "three times", "once"]),
    "other": lambda rng: rng.choice(BUTTONS),
    "way": lambda rng: rng.choice(["left", "right"]),
    "menu": lambda rng: _menu(rng, "train"),
    "entry": lambda rng: rng.choice(ENTRIES),
    "lever": lambda rng: rng.choice(["lever", "slider", "pedal", "catch", "bolt"]),
    "direction": lambda rng: rng.choice(["down", "up", "back", "forward"]),
    "cap": lambda rng: rng.choice(["cap", "cover", "ring", "plate"]),
    "warm": lambda rng: rng.choice(["warm", "cold", "clean", "salt", "soapy"]),
}


def _step(rng: Random, side: Side) -> str:
    return re.sub(r"\{(\w+)\}", lambda match: _STEP_PARTS[match.group(1)](rng), rng.choice(STEPS))


def _window(rng: Random, side: Side) -> str:
    amount = rng.choice([*words.NUMBER_WORDS[1:12], *map(str, (5, 7, 10, 14, 18, 21, 24, 30, 36, 45, 48, 60, 72, 90, 100))])
    unit = rng.choice("days weeks hours months days working_days".split()).replace("_", " ")
    return f"{amount} {unit} {rng.choice(EVENTS_FROM if rng.random() < 0.65 else EVENTS_TO)}"


def _latest(rng: Random, side: Side) -> str:
    day, month, weekday = rng.randint(1, 28), rng.choice(words.MONTHS), rng.choice(words.WEEKDAYS)
    return rng.choice(
        [
            f"{day} {month}",
            f"{day} {month}",
            f"{month} {day}",
            f"the end of {month}",
            "noon on the day before",
            "the evening before",
            f"{weekday} at noon",
            f"the {weekday} before",
            f"the last working day of {month}",
            f"{rng.randint(6, 22)}:{rng.choice(['00', '30'])} on the same day",
            f"{rng.randint(1, 11)} {rng.choice(['am', 'pm'])} on {weekday}",
            f"{day} {month} of the following year",
        ]
    )


def _usage(rng: Random, side: Side) -> str:
    amount = rng.choice([str(rng.randint(2, 90) * 10), f"{rng.randint(1, 40)},{rng.choice(['000', '500'])}", str(rng.randint(10, 99))])
    unit = rng.choice(
        "hours of use|cycles|kilometres|hours|prints|washes|starts|charges|litres|kilograms|strokes|copies|loads|trips|sheets|pages".split(
            "|"
        )
    )
    return f"{amount} {unit}"


def _tools(rng: Random, side: Side) -> str:
    return _joined(rng, rng.sample(TOOLS, rng.choice([1, 1, 1, 2, 2, 3])))


def _papers(rng: Random, side: Side) -> str:
    return _joined(rng, rng.sample(PAPERS, rng.choice([1, 1, 2, 2, 3])))


def _payment(rng: Random, side: Side) -> str:
    amount = rng.choice([str(rng.randint(2, 99)), str(rng.randint(2, 99) * 5), f"{rng.randint(1, 40)}.{rng.choice(['50', '90', '20'])}"])
    currency = rng.choice(["{} EUR", "EUR {}", "€{}", "{} euros", "${}", "£{}", "CHF {}"]).format(amount)
    return rng.choice([currency, f"a flat {currency}", f"{currency} {rng.choice(EACH)}", f"{currency} {rng.choice(EACH)}"])


def _spec(rng: Random, side: Side) -> str:
    material = rng.choice(words.MATERIALS).replace("-", " ")
    size = f"{rng.randint(2, 90)} {rng.choice(['mm', 'cm', 'litres', 'kg', 'W', 'inches'])}"
    extra = rng.choice(["removable", "welded", "dishwasher-safe", "with lid", "two-part", "lockable", "heated", "foldable", "numbered"])
    parts = [rng.choice(["one", "two", "three", "four"]), material, size, extra]
    return ", ".join(part for part in parts if rng.random() < 0.7) or f"{material}, {size}"


def _listing(rng: Random, side: Side) -> str:
    source = rng.choice([words.MONTHS, words.WEEKDAYS, words.COLOURS, words.GROUPS, PLURALS, ENTRIES])
    return _joined(rng, rng.sample(source, rng.choice([2, 3, 3, 4])), rng.choice([" and ", " and ", " or ", ", "]))


def _quantity(rng: Random, side: Side) -> str:
    amount = rng.choice([str(rng.randint(2, 60)), str(rng.randint(2, 90) * 10), f"{rng.randint(0, 9)}.{rng.randint(1, 9)}"])
    unit = rng.choice(["ml", "litres", "g", "grams", "cl", "kg", "cups", "spoonfuls", "drops", "millilitres"])
    exact = rng.choice(["", "", "", "", "about ", "up to ", "at least ", "roughly "])
    return rng.choice([f"{exact}{amount} {unit}"] * 5 + ["a teaspoon", "half a litre", "a handful", "a quarter of a litre", "two capfuls"])


def _times(rng: Random, side: Side) -> str:
    return rng.choice(
        [
            rng.choice(["once", "twice", "three times", "four times", "five times", "ten times"]),
            rng.choice(["once", "twice", "three times", "up to six times"])
            + rng.choice([" a year", " in total", " a season", " per person"]),
            f"{rng.randint(2, 60)} times",
            f"at most {rng.choice(['once', 'twice', 'three times'])}",
        ]
    )


KINDS: dict[str, Maker] = {
    "menu": _menu,
    "step": _step,
    "window": _window,
    "latest": _latest,
    "usage": _usage,
    "tools": _tools,
    "papers": _papers,
    "payment": _payment,
    "spec": _spec,
    "listing": _listing,
    "times": _times,
    "reason": lambda rng, side: rng.choice(REASONS),
    "consequence": lambda rng, side: rng.choice(CONSEQUENCES),
    "quantity": _quantity,
    "symptom_ok": lambda rng, side: f"the {rng.choice(LAMPS)} {rng.choice(SIGNS)}" if rng.random() < 0.6 else rng.choice(PROOFS_OF_WORK),
    "months": lambda rng, side: _joined(rng, rng.sample(words.MONTHS[:12], rng.choice([2, 2, 3])), rng.choice([" and ", " to "])),
    "spot": lambda rng, side: rng.choice(SPOTS),
}
