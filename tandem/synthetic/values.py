# ruff: noqa: SIM905 - lists of words read better as text
"""Typed values: `make_value(rng, "duration", side)` -> "14 days". Every kind is one function in KINDS."""

import re
from collections.abc import Callable
from random import Random

from tandem.synthetic import names, spans, words
from tandem.synthetic.split import Side


def _number(rng: Random, high: int = 999) -> int:
    """Small numbers are as common as large ones: the range is drawn first."""
    return rng.randint(2, rng.choice([h for h in (9, 30, 99, 999, 9999) if h <= high] or [high]))


def _measure(units: str, high: int = 999, decimals: float = 0.25) -> Callable[[Random, Side], str]:
    choices = units.split("|")

    def make(rng: Random, side: Side) -> str:
        amount = f"{rng.randint(0, min(high, 60))}.{rng.randint(1, 9)}" if rng.random() < decimals else str(_number(rng, high))
        unit = rng.choice(choices)
        return f"{amount}{unit}" if unit.startswith("°") or rng.random() < 0.04 else f"{amount} {unit}"

    return make


def _duration(rng: Random, side: Side) -> str:
    unit = rng.choice(
        "days hours minutes weeks months years seconds business_days working_days calendar_days days weeks hours".split()
    ).replace("_", " ")
    roll = rng.random()
    if roll < 0.2:
        return f"{rng.choice(words.NUMBER_WORDS[1:])} {unit}"
    if roll < 0.28:
        low = rng.randint(1, 12)
        return f"{low} to {low + rng.randint(1, 12)} {unit}"
    if roll < 0.33:
        return rng.choice(
            [
                "one day",
                "one week",
                "an hour",
                "half an hour",
                "one year",
                "a month",
                "half a day",
                "a fortnight",
                "90 minutes",
                "one month",
            ]
        )
    return f"{_number(rng, 99)} {unit}"


def _frequency(rng: Random, side: Side) -> str:
    unit = rng.choice("day week month year quarter shift".split())
    return rng.choice(
        [
            f"every {_number(rng, 30)} {rng.choice(['days', 'weeks', 'months', 'hours', 'uses', 'cycles', 'kilometres'])}",
            f"every {rng.choice(words.NUMBER_WORDS[1:9])} {unit}s",
            f"once a {unit}",
            f"twice a {unit}",
            f"{rng.choice(words.NUMBER_WORDS[2:6])} times a {unit}",
            f"every {rng.choice(words.WEEKDAYS)}",
            f"every second {rng.choice(words.WEEKDAYS)}",
            f"on the first {rng.choice(words.WEEKDAYS)} of the month",
            f"after every {rng.choice(['use', 'shift', 'wash', 'batch', 'trip', 'delivery'])}",
            "daily",
            "weekly",
            "quarterly",
            "at the end of each month",
        ]
    )


def _money(rng: Random, side: Side) -> str:
    amount = rng.choice(
        [rng.randint(1, 99), rng.randint(100, 999), rng.randint(10, 99) * 100, rng.randint(1, 99) * 1000, rng.randint(2, 99) * 5]
    )
    code = rng.choice(["EUR", "USD", "CHF", "SEK", "GBP", "EUR"])
    if rng.random() < 0.06:
        low, high = sorted(rng.sample(range(10, 120), 2))
        return rng.choice(
            [f"€{low},000 to €{high},000", f"{low},000 to {high},000 EUR", f"{code} {low} to {high}", f"{low} to {high} euros"]
        )
    cents = f"{amount}.{rng.randint(0, 9)}{rng.choice('05')}"
    return rng.choice(
        [
            f"{code} {amount}",
            f"{amount} {code}",
            f"${amount}",
            f"€{amount}",
            f"£{amount}",
            f"{amount} euros",
            f"{code} {amount:,}",
            f"{amount:,} EUR",
            f"{amount} dollars",
            f"${cents}",
            f"{cents} EUR",
            f"{amount} francs",
            f"{amount} euros per {rng.choice(['day', 'month', 'year', 'night', 'person', 'hour'])}",
            f"{amount} EUR a {rng.choice(['day', 'month', 'year', 'week'])}",
        ]
    )


def _counted(rng: Random, side: Side) -> str:
    amount = rng.choice(words.NUMBER_WORDS[1:12]) if rng.random() < 0.25 else str(_number(rng, 9999))
    return f"{amount} {rng.choice(words.COUNTED)}"


def _bare_number(rng: Random, side: Side) -> str:
    return rng.choice(words.NUMBER_WORDS[1:]) if rng.random() < 0.4 else str(_number(rng, 9999))


def _people(rng: Random, side: Side) -> str:
    amount = rng.choice(words.NUMBER_WORDS[1:12]) if rng.random() < 0.3 else str(_number(rng))
    return f"{amount} {rng.choice(['people', 'employees', 'people', 'members', 'guests', 'participants', 'persons'])}"


def _days(rng: Random, side: Side) -> str:
    amount = rng.choice(words.NUMBER_WORDS[1:]) if rng.random() < 0.25 else str(rng.randint(2, 40))
    return f"{amount} {rng.choice(['days', 'days', 'days a year', 'days per week', 'working days', 'weeks', 'days a month'])}"


def _percent(rng: Random, side: Side) -> str:
    amount = rng.choice([str(rng.randint(1, 99)), str(rng.randint(1, 30)), f"{rng.randint(0, 99)}.{rng.randint(1, 9)}"])
    return amount + rng.choice(["%", "%", " %", " percent", " per cent"])


def _date(rng: Random, side: Side) -> str:
    if rng.random() < 0.1:
        return _date_range(rng)
    month, day, year = rng.choice(words.MONTHS), rng.randint(1, 28), rng.randint(1960, 2035)
    return rng.choice(
        [
            f"{month} {day}, {year}",
            f"{day} {month} {year}",
            f"{month} {year}",
            f"{year}",
            f"{year}-{rng.randint(1, 12):02d}-{day:02d}",
            f"{month} {day}",
            f"{day} {month}",
            f"{day} {month}",
            f"{rng.choice(words.WEEKDAYS)}, {day} {month}",
            f"{day:02d}.{rng.randint(1, 12):02d}.{year}",
            f"the {rng.choice(['end', 'start', 'middle'])} of {month}",
        ]
    )


def _date_range(rng: Random) -> str:
    (first, last), (start, end) = rng.sample(words.WEEKDAYS, 2), rng.sample(words.MONTHS, 2)
    day, later = rng.randint(1, 28), rng.randint(1, 28)
    return rng.choice(
        [
            f"{first} {day} {start} to {last} {later} {end}",
            f"{day} {start} to {later} {end}",
            f"{start} to {end}",
            f"{day} to {day + 3} {start}",
        ]
    )


def _year(rng: Random, side: Side) -> str:
    return str(rng.randint(1850, 2030))


def _clock(rng: Random, side: Side) -> str:
    hour, minute = rng.randint(5, 23), rng.choice(["00", "15", "30", "45"])
    day = rng.choice(words.WEEKDAYS)
    return rng.choice(
        [
            f"{hour}:{minute}",
            f"{hour:02d}:{minute}",
            f"{hour % 12 + 1} {rng.choice(['am', 'pm'])}",
            f"{hour % 12 + 1}:{minute} {rng.choice(['a.m.', 'p.m.'])}",
            f"{day} at {hour}:{minute}",
            "noon",
            f"{hour}:{minute}",
        ]
    )


def _weekday(rng: Random, side: Side) -> str:
    day = rng.choice(words.WEEKDAYS)
    return rng.choice(
        [
            day,
            day,
            f"{day}s",
            f"{day} morning",
            f"{day} afternoon",
            f"{day} and {rng.choice(words.WEEKDAYS)}",
            f"the last {day} of the month",
        ]
    )


def _hours(rng: Random, side: Side) -> str:
    start, end = rng.randint(5, 12), rng.randint(13, 23)
    first, last = rng.choice(words.WEEKDAYS[:3]), rng.choice(words.WEEKDAYS[3:])
    return rng.choice(
        [
            f"{start}:00 to {end}:00",
            f"{start}:30 to {end}:30",
            f"{start} am to {end - 12} pm",
            f"{start:02d}:00 and {end}:00",
            f"{first} to {last}",
            f"{first} to {last}, {start}:00 to {end}:00",
            f"{start}:00-{end}:00",
        ]
    )


def _person(rng: Random, side: Side) -> str:
    first, last = rng.choice(words.FIRST_NAMES), names.last_name(rng, side)
    return rng.choice(
        [f"{first} {last}"] * 7
        + [
            f"Dr. {last}",
            f"Ms. {last}",
            f"Mr. {last}",
            f"{first} {rng.choice('ABCDEFGHJKLM')}. {last}",
            f"Dr {first} {last}",
            f"{first} {last}-{names.last_name(rng, side)}",
        ]
    )


def _place(rng: Random, side: Side) -> str:
    name = names.invent(rng, side)
    return rng.choice(
        [
            name,
            name,
            name + rng.choice(["ville", "burg", " Bay", " Harbour", " Valley", " City", " Park"]),
            rng.choice(["Port ", "North ", "Upper ", "Lake ", "New "]) + name,
            f"{rng.randint(1, 200)} {name} Street",
            f"{rng.choice(['Hall', 'Building', 'Gate', 'Dock', 'Bay'])} {rng.choice([rng.choice('ABCDEFGH'), str(rng.randint(1, 40))])}",
        ]
    )


def _room(rng: Random, side: Side) -> str:
    floor = rng.choice(["ground", "first", "second", "third", "fourth", "top"])
    return rng.choice(
        [
            f"room {rng.randint(1, 600)}",
            f"room {rng.choice('ABCD')}{rng.randint(1, 60)}",
            f"building {rng.choice('ABCDEFGH')}",
            f"the {floor} floor",
            f"hall {rng.randint(1, 20)}",
            f"{rng.choice(['locker', 'shelf', 'cabinet', 'bay', 'drawer', 'cupboard'])} {rng.randint(1, 60)}",
            f"the {rng.choice(words.THINGS)} room",
            f"the {rng.choice(words.ROOMS)}",
            f"behind the {rng.choice(words.THINGS)} counter",
            f"next to the {rng.choice(words.THINGS)} store",
            f"under the {rng.choice(words.THINGS)} cover",
            f"the {rng.choice(words.ADJECTIVES)} {rng.choice(['cabinet', 'drawer', 'box', 'shelf', 'safe', 'cupboard'])}",
        ]
    )


def _code(rng: Random, side: Side) -> str:
    def letters(n: int) -> str:
        return "".join(rng.choice("ABCDEFGHJKLMNPQRSTUVWXZ") for _ in range(n))

    def digits(n: int) -> str:
        return "".join(rng.choice("0123456789") for _ in range(n))

    return rng.choice(
        [
            f"{letters(2)}-{digits(2)}",
            f"{letters(1)}{digits(3)}",
            f"{letters(3)}-{digits(4)}",
            digits(4),
            digits(5),
            f"{letters(2)}{digits(2)}-{letters(1)}",
            f"{letters(1)}{digits(2)}",
            f"{letters(1)}-{digits(3)}",
            digits(3),
        ]
    )


def _version(rng: Random, side: Side) -> str:
    return rng.choice(
        [
            f"{rng.randint(0, 12)}.{rng.randint(0, 20)}",
            f"{rng.randint(0, 9)}.{rng.randint(0, 20)}.{rng.randint(0, 9)}",
            f"v{rng.randint(1, 9)}",
            f"{rng.randint(2019, 2030)}.{rng.randint(1, 12)}",
        ]
    )


def _organisation(rng: Random, side: Side) -> str:
    return names.invent(rng, side) + rng.choice(
        [
            " GmbH",
            " Ltd",
            " Inc",
            " AG",
            " & Sons",
            " Group",
            " Logistics",
            " Systems",
            " Labs",
            "",
            " Partners",
            " Supply",
            " Bank",
            " Works",
            " Oy",
            " Cooperative",
        ]
    )


def _material(rng: Random, side: Side) -> str:
    return rng.choice(
        ["", "", f"{rng.choice(words.COLOURS)} ", f"{rng.choice(words.ADJECTIVES)} ", "brushed ", "recycled ", "anodised "]
    ) + rng.choice(words.MATERIALS).replace("-", " ")


def _colour(rng: Random, side: Side) -> str:
    first = rng.choice([*words.COLOURS, "red", "blue", "green"])
    return rng.choice(
        [first, first, f"{rng.choice(['dark', 'light', 'pale', 'bright', 'matt'])} {first}", f"{first} and {rng.choice(words.COLOURS)}"]
    )


def _email(rng: Random, side: Side) -> str:
    mailbox = rng.choice([names.invent(rng, side).lower(), rng.choice(words.TEAMS), rng.choice(words.THINGS)])
    return f"{mailbox}@{names.invent(rng, side).lower()}.{rng.choice(['com', 'org', 'io', 'example'])}"


def _phone(rng: Random, side: Side) -> str:
    return rng.choice(
        [
            f"extension {rng.randint(10, 9999)}",
            f"{rng.randint(100, 999)}-{rng.randint(1000, 9999)}",
            f"+{rng.randint(20, 99)} {rng.randint(10, 99)} {rng.randint(100, 999)} {rng.randint(10, 99)}",
            f"0{rng.randint(100, 999)} {rng.randint(10000, 99999)}",
        ]
    )


def _channel(rng: Random, side: Side) -> str:
    name = names.invent(rng, side)
    return rng.choice(
        [
            f"#{rng.choice(words.TEAMS)}-{rng.choice(words.THINGS)}",
            f"the {name} portal",
            f"{name.lower()}.example/{rng.choice(words.THINGS)}",
            f"the {rng.choice(words.THINGS)} desk",
            f"the {name} app",
            f"the {rng.choice(words.TEAMS)} mailbox",
            f"form {_code(rng, side)}",
            f"the {rng.choice(words.THINGS)} register",
        ]
    )


def _action(rng: Random, side: Side) -> str:
    """An instruction as it follows "please": "hold the steam button for ten seconds"."""

    def step() -> str:
        target = rng.choice(words.OBJECTS) if rng.random() < 0.7 else f"{rng.choice(words.ADJECTIVES)} {rng.choice(words.THINGS)}"
        verb = (
            rng.choice(["call", "inform", "ask", "notify", "contact", "tell", "alert"])
            if target in words.PEOPLE_OBJECTS
            else rng.choice(words.VERBS).replace("_", " ")
        )
        return f"{verb} the {target}"

    roll = rng.random()
    if roll < 0.45:
        return f"{step()} {rng.choice(words.MANNERS)}"
    if roll < 0.65:
        return f"{step()} {rng.choice(['and', 'and then', 'and'])} {step()}"
    if roll < 0.75:
        return f"{step()} {rng.choice(words.MANNERS)} and {step()}"
    return step()


def _symptom(rng: Random, side: Side) -> str:
    return rng.choice(words.SYMPTOMS).format(o=rng.choice(words.OBJECTS[:54] + words.THINGS))


def _cause(rng: Random, side: Side) -> str:
    return rng.choice(words.CAUSES).format(t=rng.choice(words.THINGS))


def _role(rng: Random, side: Side) -> str:
    text = rng.choice(words.ROLES).format(d=rng.choice(words.TEAMS))
    return text if text.startswith("the ") or rng.random() < 0.4 else f"the {text}"


def _gear(rng: Random, side: Side) -> str:
    items = rng.sample(words.GEAR, rng.choice([1, 1, 2, 2, 3]))
    return items[0] if len(items) == 1 else ", ".join(items[:-1]) + " and " + items[-1]


def _group(rng: Random, side: Side) -> str:
    return rng.choice(
        [
            rng.choice(words.GROUPS),
            rng.choice(words.GROUPS),
            f"{rng.choice(words.GROUPS)} and {rng.choice(words.GROUPS)}",
            f"{rng.choice(words.GROUPS)} only",
        ]
    )


def _phrase(rng: Random, side: Side) -> str:
    if rng.random() < 0.15:
        items = rng.sample(words.THINGS, rng.choice([2, 3, 3, 4]))
        return ", ".join(items[:-1]) + rng.choice([" and ", ", ", " or "]) + items[-1]
    return rng.choice(
        [
            f"{rng.choice(words.ADJECTIVES)} {rng.choice(words.THINGS)}",
            f"{rng.choice(words.THINGS)} {rng.choice(words.THINGS)}",
            f"the {rng.choice(words.ADJECTIVES)} {rng.choice(words.THINGS)}",
            f"{rng.choice(words.THINGS)} and {rng.choice(words.THINGS)}",
            f"{rng.choice(words.ADJECTIVES)} {rng.choice(words.THINGS)} {rng.choice(words.THINGS)}",
            f"a {rng.choice(words.ADJECTIVES)} {rng.choice(words.THINGS)}",
        ]
    )


def _purpose(rng: Random, side: Side) -> str:
    kind = rng.choice(["", rng.choice(words.ADJECTIVES) + " "])
    return f"{rng.choice(words.USES)} {kind}{words.plural(rng.choice(words.THINGS))}"


def _ratio(rng: Random, side: Side) -> str:
    return rng.choice(
        [
            f"1:{rng.randint(2, 40)}",
            f"{rng.randint(2, 9)}:{rng.randint(2, 9)}",
            f"{rng.randint(2, 9)} parts to {rng.randint(2, 12)}",
            f"{rng.randint(5, 90)} g per litre",
            f"one in {rng.randint(3, 40)}",
            f"{rng.randint(2, 60)} ml per 10 litres",
        ]
    )


def _size(rng: Random, side: Side) -> str:
    a, b, c = (rng.randint(3, 250) for _ in range(3))
    return rng.choice([f"{a} x {b} x {c} cm", f"{a} x {b} mm", f"{a} by {b} cm", f"{a} × {b} × {c} mm"])


def _age(rng: Random, side: Side) -> str:
    return f"{rng.randint(3, 75)} {rng.choice(['years', 'years of age', 'years old'])}"


KINDS: dict[str, Callable[[Random, Side], str]] = {
    "duration": _duration,
    "frequency": _frequency,
    "number": _bare_number,
    "money": _money,
    "count": _counted,
    "people": _people,
    "days": _days,
    "percent": _percent,
    "date": _date,
    "year": _year,
    "clock": _clock,
    "weekday": _weekday,
    "hours": _hours,
    "person": _person,
    "place": _place,
    "room": _room,
    "code": _code,
    "version": _version,
    "org": _organisation,
    "material": _material,
    "colour": _colour,
    "email": _email,
    "phone": _phone,
    "channel": _channel,
    "action": _action,
    "symptom": _symptom,
    "cause": _cause,
    "role": _role,
    "gear": _gear,
    "group": _group,
    "phrase": _phrase,
    "purpose": _purpose,
    "ratio": _ratio,
    "size": _size,
    "year_age": _age,
    "mass": _measure("kg|g|kilograms|grams|tonnes|kg"),
    "length": _measure("cm|mm|m|metres|km|inches|centimetres|kilometres"),
    "volume": _measure("litres|l|ml|litre|cubic metres|millilitres|cl"),
    "temperature": _measure("°C|degrees|degrees Celsius|°C|C", 99, 0.1),
    "power": _measure("watts|W|kW|kWh|volts|V|amps|mAh", 9999),
    "speed": _measure("km/h|rpm|m/s|Mbps|pages per minute|knots|MHz", 9999, 0.1),
    "data": _measure("GB|MB|TB|MB/s|megapixels", 999, 0.1),
    "pressure": _measure("bar|kPa|psi|bar|N m|Nm", 99, 0.4),
    "area": _measure("square metres|m²|hectares", 9999, 0.1),
    "noise": _measure("dB|decibels|dB(A)", 99, 0.1),
    **spans.KINDS,
}


HEDGES = (
    "up to|at least|about|around|no more than|less than|more than|at most|roughly|from|only|a maximum of|a minimum of|approximately"
).split("|")
SUFFIXES = (
    "per person|a year|a month|a day|a week|each|in total|per order|after tax|before tax|including tax|per use|per cycle|each way|"
    "per team|by default|on request|a time|at full load|when empty|net|on average"
).split("|")
CONTRASTABLE = frozenset(
    "duration money count people days mass length volume temperature power speed data pressure area noise percent frequency date year "
    "clock weekday hours person place room code version org colour email phone channel role window latest usage payment times menu".split()
)
SPANS = frozenset("duration money count people days mass length volume temperature power speed data pressure area noise percent".split())


def make_value(rng: Random, kind: str, side: Side) -> str:
    """One value of a kind in KINDS, or of "counted:<nouns>"; hedges, ranges and units of an amount belong to the answer."""
    if kind.startswith("counted:"):
        return f"{_bare_number(rng, side)} {kind.removeprefix('counted:')}"
    value = KINDS[kind](rng, side)
    if kind in spans.CONDITIONS and rng.random() < 0.08:
        return spans.condition(rng, kind, value)
    if kind not in SPANS:
        return value
    roll = rng.random()
    if roll < 0.10:
        return f"{rng.choice(HEDGES)} {value}"
    if roll < 0.17:
        return f"{value} {rng.choice(SUFFIXES)}"
    if roll < 0.20:
        return f"{value} or {KINDS[kind](rng, side)}{rng.choice(['', ', whichever comes first', ', depending on the model'])}"
    if roll < 0.23 and value[0].isdigit():
        low = rng.randint(0, max(1, int(re.split(r"\D", value)[0]) - 1))
        return rng.choice([f"{low} to {value}", f"between {low} and {value}", f"{low}-{value}"])
    return value
