# ruff: noqa: SIM905 - lists of words read better as text
"""Word lists of the synthetic exercises: invented names are built from them, ordinary sentences are filled with them."""

MONTHS = "January February March April May June July August September October November December".split()
WEEKDAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
NUMBER_WORDS = "one two three four five six seven eight nine ten eleven twelve fifteen twenty thirty".split()

ONSETS = "b br c ch d dr f fl g gr h j k kr l m n p pl qu r s sh sk st t tr th v w x z".split()
VOWELS = "a e i o u a e i o ai ea io ou y".split()
CODAS = "n r l s th m x k nd st ra la da lo no ta ric vex mar ton berg ster wick".split()

NAME_WORDS = (
    "Wren Falcon Heron Cedar Willow Aspen Maple Juniper Onyx Opal Quartz Amber Cobalt Indigo Scarlet Comet Orion Nova Vega Lyra Atlas "
    "Titan Apollo Hermes Athena Juno Iris Luna Aurora Boreal Summit Ridge Canyon Delta Harbor Anchor Beacon Compass Lantern Ember Flint "
    "Granite Marble Breeze Gale Tempest Cirrus Nimbus Cascade River Brook Lagoon Tide Coral Pearl Otter Badger Lynx Puma Bison Raven "
    "Swift Kestrel Osprey Merlin Finch Robin Sparrow Magpie Clover Fern Thistle Bramble Hazel Rowan Alder Birch Linden Poppy Saffron "
    "Sage Basil Ginger Nutmeg Mosaic Prism Vector Tango Polka Sonata Allegro Tempo Forte Largo Echo Pixel Quill Parchment Ledger Pioneer "
    "Voyager Nomad Ranger Scout Sentinel Guardian Herald Mariner Meridian Zenith Solstice Equinox Polaris Sirius Halley Kepler Tycho"
).split()
SUFFIXES = (
    "S M L XL Pro Max Lite Mini Plus Go Air One Core Prime Duo Flex II III IV Classic Compact Junior Sport Eco Select Premium Basic".split()
)

FIRST_NAMES = (
    "Anna Ben Clara David Elena Felix Greta Hugo Ines Jonas Karla Leo Maria Nils Olga Paul Rosa Sven Tara Uwe Vera Walt Xenia Yusuf "
    "Zoe Omar "
    "Priya Kenji Lucia Marek Aiko Diego Fatima Ivan Noor Sofia Tomas Ulla Wei Amara Bruno Dara Emil Freya Gita Hanna Saskia Matteo "
    "Linnea Pavel "
    "Chidi Beatriz Anton Mirja Rashid Colette Dmitri Nadia Oskar Petra Quentin Renata Silvio Thea Umar Valeria Wanda Yara Zoltan "
    "Annika Bjorn "
    "Camille Dolores Edwin Farid Gwen Henrik Ilse Joana Klaus Leonie Milan Nina Otto Paula Ravi Selma Timo Ursula Viktor Willem Yvonne"
).split()
LAST_NAMES = (
    "Verhoeven Lindqvist Moreau Okafor Tanaka Novak Petrov Garcia Silva Rossi Keller Brandt Hansen Larsen Nguyen Patel Khan Haddad "
    "Cohen Murphy "
    "Walsh Fraser Campbell Morgan Hughes Bennett Carter Dawson Ellis Foster Graham Holloway Ibsen Jansen Kowalski Lopez Mancini "
    "Nakamura Osei "
    "Pereira Quinn Ramirez Santos Tailor Ueda Vargas Weber Xu Yilmaz Zimmermann Abebe Bauer Castillo Dubois Eriksen Fischer Gruber "
    "Horvat "
    "Iversen Jimenez Kaur Lang Mensah Nilsson Orlov Popescu Rahman Schuster Thorne Usman Virtanen Winkler Yamada Zeller Adeyemi Blom "
    "Conti"
).split()

GADGETS = (
    (
        "pump router printer scanner drill boiler sensor valve tablet camera heater server tool engine lamp filter phone laptop gateway "
        "backpack "
        "tent mixer oven chair desk bicycle boat grinder kettle blender dryer washer fan compressor generator charger speaker headset "
        "monitor "
        "keyboard projector thermostat humidifier purifier vacuum trimmer mower saw sander ladder trolley forklift crane conveyor press "
        "lathe "
        "microscope scale centrifuge freezer cabinet safe lock detector meter controller drone scooter stroller helmet jacket boot glove "
        "rucksack "
        "watch clock radio amplifier turntable espresso machine dishwasher coffee machine roaster toaster cooker hob battery inverter "
        "solar panel"
    )
    .replace("espresso machine", "espresso_machine")
    .replace("coffee machine", "coffee_machine")
    .replace("solar panel", "solar_panel")
    .split()
)
SERVICES = (
    "plan|service|package|account|membership|subscription|contract|programme|tier|licence|bundle|tariff|insurance|policy|pass|card|edition"
).split("|")
TEAMS = (
    "finance sales logistics legal marketing support research security catering payroll purchasing quality design audit field night "
    "warehouse "
    "reception training compliance maintenance dispatch claims onboarding platform data customer-care engineering procurement facilities"
).split()
EVENTS = (
    "workshop|course|seminar|conference|open day|summer party|fire drill|town hall|training|hackathon|trade fair|webinar|audit|"
    "inventory count|"
    "inspection|guided tour|concert|reading group|tournament|charity run|board meeting|review meeting|blood drive|flea market|festival"
).split("|")
SITES = (
    "warehouse|office|plant|branch|depot|laboratory|library|clinic|museum|station|canteen|gym|car park|data centre|shop|workshop|"
    "school|archive|"
    "reading room|studio|pool|greenhouse|harbour|terminal|hostel|campsite|pharmacy|garage|showroom|service desk"
).split("|")
PAPERS = (
    "travel request|expense report|leave application|purchase order|incident report|risk assessment|supplier form|access request|"
    "damage report|"
    "time sheet|onboarding checklist|return slip|customs declaration|delivery note|inspection record|change request|loan agreement|"
    "visitor form"
).split("|")
TOPICS = (
    "parental leave|sick leave|unpaid leave|annual leave|special leave|remote work|overtime|business travel|travel expenses|"
    "rental cars|hotel stays|"
    "train tickets|company phones|home office equipment|password changes|lost badges|visitor parking|bicycle parking|meeting rooms|"
    "guest access|"
    "fire drills|first aid|cold storage|hazardous goods|fragile items|bulk orders|express orders|gift cards|late returns|damaged goods|"
    "refund requests|complaints|warranty claims|customer data|payroll data|job applications|internal transfers|performance reviews|"
    "probation|training courses|language classes|conference visits|night shifts|weekend work|on-call duty|stand-by duty|company cars|"
    "fuel cards|"
    "petty cash|supplier invoices|purchase requests|software licences|software releases|security incidents|data backups|system outages|"
    "database restores|access reviews|server maintenance|staff discounts|the canteen|the car park|the gym|the library|loaned books|"
    "lab samples|"
    "cleaning rounds|waste collection|fresh produce|frozen food|allergen labels|spare parts|tool rental|equipment loans|volunteer work|"
    "donations|"
    "school visits|swimming lessons|summer camps|dog boarding|house calls|dental check-ups|vaccinations|prescriptions|lost property|"
    "room bookings"
).split("|")

ADJECTIVES = (
    "annual basic central daily digital early electric external extra final fixed free general hidden initial internal local main "
    "manual maximum "
    "minimum mobile monthly new nominal normal old optional outer partial primary private public quick regional remote safe secondary "
    "shared short "
    "silent single small soft solid special standard strong temporary total upper weekly wide yearly blue green heavy light open plain "
    "rapid red round"
).split()
THINGS = (
    "order invoice ticket delivery claim return shipment request backup device meeting record file report form badge key card licence "
    "audit review "
    "repair cleaning storage account password update patch payment refund travel hotel meal parking visitor lunch safety water power "
    "noise heat battery "
    "cable screen button label carton pallet shelf truck route driver garden kitchen paper glass bottle sample test lab result number "
    "sheet budget "
    "salary bonus holiday absence insurance pension loan notice complaint survey newsletter brochure catalogue gift voucher coupon "
    "member partner "
    "student school machine motor belt wheel brake pressure valve tank pipe roof window door wall floor lift stair light signal alarm "
    "camera network "
    "domain mailbox calendar archive folder document contract clause tender quote offer price zone region depot store counter stock "
    "season harvest crop "
    "seed animal forest river bridge station train bus ferry harbour engine fuel oil gas filter nozzle gasket lid drawer tray basket "
    "hose plug socket "
    "switch lever handle knob dial display cover panel hinge screw bolt spring fan blade drum cartridge toner ribbon tape box crate "
    "bag pouch"
).split()
MATERIALS = (
    (
        "aluminium steel oak pine cotton wool leather nylon rubber ceramic glass copper brass carbon bamboo cork granite marble linen silk "
        "plastic "
        "titanium zinc concrete paper stainless_steel cast_iron recycled_plastic tempered_glass solid_beech merino_wool waxed_canvas "
        "polypropylene"
    )
    .replace("_", "-")
    .split()
)
COLOURS = "white black grey orange purple yellow brown silver gold pink navy teal olive beige crimson turquoise".split()

VERBS = (
    "check clean close open replace restart reset remove press hold send print sign scan seal lock charge label pack return weigh call "
    "inspect drain "
    "tighten update copy test store fill empty turn_off turn_on unplug rinse lift rotate release disconnect reconnect lubricate dry "
    "insert shake "
    "switch_off switch_on reboot recalibrate pair wipe descale loosen mark archive forward confirm cancel upload download register "
    "order isolate"
).split()
OBJECTS = (
    "steam button|power cable|water tank|drip tray|main switch|filter basket|paper tray|rear cover|side panel|drain hose|inlet valve|"
    "battery pack|"
    "safety catch|fuse|toner cartridge|drive belt|brew group|brush head|access card|network cable|reset pin|display|lid|nozzle|sensor|"
    "door seal|pump|"
    "emergency stop|lever|blade guard|dust bag|oil cap|spark plug|air filter|rubber ring|gasket|left knob|green key|menu key|mode dial|"
    "form|shipment|"
    "parcel|invoice|order|log file|certificate|backup|browser cache|app|account|ticket|visitor badge|delivery note|old key|sample|"
    "bottle|cash drawer|"
    "supervisor|front desk|shift leader|duty manager|help desk|safety officer|customer|supplier|driver|bank"
).split("|")
PEOPLE_OBJECTS = frozenset(
    "supervisor|front desk|shift leader|duty manager|help desk|safety officer|customer|supplier|driver|bank".split("|")
)
MANNERS = (
    "for ten seconds|for five seconds|for three minutes|for at least an hour|until the light turns green|until it clicks|"
    "until the beep|until the lamp goes out|"
    "with a soft cloth|with warm water|with a damp cloth|with vinegar|with a 4 mm key|by hand|twice|three times|once a week|"
    "straight away|"
    "before the next use|before opening the lid|after each shift|clockwise|anticlockwise|in writing|by email|by phone|within the hour|"
    "at the front desk|"
    "from the menu|in the settings|from the back|with both hands|from below|to the left|overnight|outdoors|at room temperature|"
    "without delay"
).split("|")
SYMPTOMS = (
    "the {o} is stuck|the {o} does not move|the {o} leaks|the {o} stays dark|the {o} makes a loud noise|the {o} is missing|"
    "the {o} gets too hot|the {o} is full|"
    "the {o} is empty|the {o} is blocked|the {o} flashes red|the {o} smells burnt|the {o} arrives damaged|the {o} is lost|"
    "the {o} has expired|"
    "the {o} does not respond|the {o} shows a warning|the {o} vibrates|the {o} has come loose|the {o} is wet|the {o} freezes|"
    "the {o} is overdue|"
    "the {o} has been stolen|the {o} is refused|the {o} will not start|the {o} keeps beeping|there is a power cut|the alarm goes off|"
    "someone is injured|"
    "the network is down|water comes out underneath|the temperature rises too far|a customer complains|the delivery is late|"
    "no receipt is available"
).split("|")
CAUSES = (
    "a blocked {t}|a worn {t}|a loose {t}|a missing {t}|low {t} pressure|a faulty {t} sensor|an empty {t}|an overheated {t}|"
    "a dirty {t}|an expired {t}|"
    "a wrong {t} setting|a lost {t} signal|a broken {t} wire|too much {t}|not enough {t}|the {t} is not closed|the {t} is full|"
    "the {t} is too cold|"
    "the {t} has not been confirmed|the {t} was not paid in time|the {t} could not be read|a timeout of the {t}|air in the {t}|"
    "water in the {t}"
).split("|")
ROLES = (
    "shift leader|site manager|head of {d}|{d} manager|{d} assistant|team lead {d}|data protection officer|works council|line manager|"
    "duty nurse|"
    "safety officer|fire warden|caretaker|store manager|chief accountant|project lead|account manager|the {d} team|the {d} desk|"
    "senior technician|"
    "quality inspector|first aider|booking office|head chef|lead engineer|trainee coordinator|managing director|finance director|"
    "release manager"
).split("|")
GEAR = (
    "gloves|safety goggles|ear protection|a hard hat|safety shoes|a high-visibility vest|an apron|a face mask|a hairnet|a passport|"
    "an ID card|a delivery note|"
    "the original receipt|the order number|a signed form|a doctor's note|a photo|a deposit slip|the serial number|a spare battery|"
    "a charger|a lunch box|"
    "a towel|a water bottle|warm clothes|sturdy shoes|a laptop|a notebook|the access card|two references|a driving licence|"
    "proof of address"
).split("|")
GROUPS = (
    "full-time staff|part-time staff|trainees|interns|contractors|new hires|shift workers|managers|parents|members|students|pensioners|"
    "visitors|"
    "field engineers|drivers|night staff|residents|first-time buyers|business customers|premium members|volunteers|all employees|"
    "external partners"
).split("|")
USES = "storing checking cleaning sorting testing weighing drying cooling heating mixing cutting lifting printing shipping planning".split()
JOBS = (
    "gardener|librarian|nurse|driver|clerk|planner|baker|welder|editor|teacher|analyst|buyer|dispatcher|tour guide|tester|cashier|"
    "receptionist|electrician|plumber|carpenter|translator|developer|designer|cook|porter|lifeguard|technician|lecturer|archivist|"
    "photographer|foreman|bookkeeper|warehouse worker|shift leader|project manager|sales assistant|lab assistant|caretaker|painter|coach"
).split("|")
GRADES = "junior|senior|assistant|deputy|chief|trainee|lead|level 1|level 2|level 3|part-time|temporary|grade A|grade B".split("|")
ROOMS = "cellar|basement|loading dock|reception|north wing|courtyard|mail room|first-aid room|staff kitchen|main entrance".split("|")
COUNTED = (
    "users seats people ports licences guests requests entries vehicles boxes attempts pages members employees rooms books bottles "
    "cups programmes "
    "speeds shelves pallets parcels participants children questions tickets devices cameras points meals beds tables samples plates "
    "lockers desks"
).split()
STOP_WORDS = frozenset(
    "the a an of to in is are and or for on by with be as at it that this from was if not can will which has have may you its all "
    "but so than then".split()
)
# Everyday replacements: a question seldom repeats the words of the document.
SYNONYMS = {
    "fee": "charge cost price",
    "price": "cost",
    "cost": "price",
    "charge": "fee",
    "deposit": "down-payment",
    "salary": "pay wage",
    "allowance": "budget",
    "penalty": "fine",
    "location": "place site",
    "supplier": "vendor provider",
    "vendor": "supplier",
    "manufacturer": "maker producer",
    "weight": "mass",
    "width": "breadth",
    "colour": "color",
    "capacity": "size",
    "speed": "pace",
    "deadline": "due-date",
    "start": "beginning",
    "employees": "staff workers",
    "staff": "employees",
    "maximum": "highest largest top",
    "minimum": "lowest smallest least",
    "annual": "yearly",
    "yearly": "annual",
    "monthly": "per-month",
    "phone": "telephone",
    "address": "contact",
    "contact": "contact-person",
    "manager": "head boss",
    "owner": "person-in-charge",
    "leader": "head",
    "duration": "length",
    "material": "fabric",
    "customers": "clients buyers",
    "repair": "fix",
    "return": "send-back",
    "purchase": "buying",
    "holiday": "vacation",
    "required": "needed necessary",
    "allowed": "permitted",
    "initial": "first starting",
    "final": "last closing",
    "quick": "fast",
    "rapid": "fast",
    "main": "chief primary",
    "primary": "main",
    "mobile": "portable",
    "remote": "distant",
    "standard": "usual default",
    "normal": "usual regular",
    "total": "overall",
    "free": "complimentary",
    "version": "release",
    "discount": "reduction rebate",
    "storage": "keeping",
    "delivery": "shipping",
    "trial": "test",
    "period": "time",
    "quota": "limit",
    "cap": "limit",
}


def plural(noun: str) -> str:
    """The regular plural of a noun."""
    if noun.endswith("y") and noun[-2] not in "aeiou":
        return noun[:-1] + "ies"
    return noun + ("es" if noun.endswith(("s", "x", "ch", "sh", "z")) else "s")
