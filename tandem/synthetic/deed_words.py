"""What is done to things and cases, each in several words: one may stand in the document, another in the question.

A line of `PARTS` is `part = other names: verbs that suit it`; a line of `VERBS` is `verb = other verbs`; a line of the others is one
deed in several words, `verb|object|rest`, with {e} for the subject.
"""

STUFF = (
    "water = water",
    "oil = lubricant",
    "detergent = cleaning agent",
    "paint = varnish",
    "salt = salt",
    "vinegar = vinegar",
    "powder = powder",
    "coolant = cooling liquid",
    "glue = adhesive",
    "grease = fat",
    "fuel = petrol",
    "alcohol = spirit",
    "sand = sand",
    "foam = foam",
)
VERBS = """
clean = wash = wipe = rinse
replace = change = swap = renew = exchange
check = inspect = examine = look at
oil = lubricate = grease
tighten = fasten = do up = screw down
loosen = undo = slacken = unscrew
remove = take off = take out = detach = pull off
fit = mount = install = attach = put in
empty = drain = clear out
refill = top up = fill
dry = wipe dry = let dry
adjust = set = align = readjust
calibrate = recalibrate = zero = tune
test = try out = trial
disinfect = sanitise = sterilise
repair = mend = fix
cover = wrap = protect
heat up = preheat = warm up = bring to temperature
charge = recharge = load
lock = secure = bolt
repaint = touch up = recoat
sharpen = grind = hone
label = mark = tag
flush = rinse through = purge
unblock = clear = free
polish = buff = shine up
order = buy = get
store = put away = keep
weigh = put on the scales
trim = shorten = cut back
switch off = turn off = shut off
switch on = turn on = start
measure = gauge = take the size of
cool = chill = let cool
wind up = roll up = coil up
open = unlock = open up
shake = shake out = beat
"""

PARTS = """
lid = cover = cap: clean replace remove fit lock dry open
hose = tube = pipe: clean replace check flush fit unblock wind up
blade = knife = cutter: sharpen clean replace oil check adjust
belt = band = strap: replace tighten loosen check adjust
screen = display = monitor: clean replace repair calibrate switch off cover
filter = strainer = filter insert: clean replace remove flush order dry shake
tank = reservoir = container: empty refill clean remove flush heat up
seal = sealing ring = rubber ring: replace oil check remove order
wheel = roller = castor: replace oil tighten clean check
handle = grip = haft: replace tighten repair disinfect
cable = lead = cord: replace check wind up store label
nozzle = jet = spout: clean unblock replace adjust flush
fan = ventilator = blower: clean switch off replace oil test
lamp = bulb = light: replace clean switch off test order
chain = drive chain: oil tighten clean replace trim measure
brake = brake block = braking system: adjust test check repair replace
spring = coil: replace oil check measure
hinge = joint: oil tighten adjust repair
motor = engine = drive: test repair cool oil cover switch off
valve = tap = stopcock: open test clean replace tighten loosen
cushion = pad = padding: clean replace dry disinfect cover shake
tray = drawer = pan: empty clean remove disinfect dry
pane = glass = window: clean replace polish cover
sensor = probe = feeler: clean calibrate test replace check
door = hatch = flap: lock open adjust clean oil
bag = sack = pouch: empty replace remove order weigh
housing = casing = shell: clean polish repaint open remove
bearing = bush: oil replace check order
keypad = keyboard = set of keys: clean lock disinfect replace test
lens = optics: clean adjust cover polish calibrate
needle = pin = stylus: replace clean measure order
brush = bristles = brush head: clean replace dry trim
saddle = seat: adjust cover clean remove
tyre = tire: replace check measure store fit
gauge = dial = meter: calibrate check replace test
burner = flame unit: clean test unblock switch on
drum = cylinder: clean empty replace heat up weigh
cartridge = capsule = ink unit: replace order remove shake store
antenna = aerial: fit adjust replace remove
microphone = mic: test clean cover switch off
battery = power pack = accumulator: charge replace remove store test order
mat = underlay: clean dry replace wind up
gearbox = transmission = gear unit: oil check repair test
net = mesh: repair clean dry store
rope = line = tether: replace dry check wind up measure
fuse = circuit breaker: replace test order switch on
plug = connector = power plug: clean check replace dry
bowl = dish = basin: clean empty weigh cover heat up
rail = guide = track: oil clean adjust measure
bell = chime = buzzer: test switch off adjust repair
"""

THING = """
reset|{e} = restore|{e}|to factory settings = wipe|{e}|back to its first state
switch on|{e} = start up|{e} = turn on|{e} = power up|{e}
shut down|{e} = turn off|{e} = power down|{e} = switch off|{e}
put|{e}|into storage = store|{e}|over the winter = lay up|{e} = mothball|{e}
pair|{e}|with a phone = connect|{e}|to a mobile = link|{e}|to an app
update|the software of {e} = install|the latest firmware on {e} = bring|{e}|up to date
register|{e} = sign up|{e}|with the maker = enter|{e}|in the owners' list
send in|{e}|for repair = return|{e}|to the workshop = ship|{e}|to be mended
unpack|{e} = take|{e}|out of its box
move|{e} = carry|{e}|to another place = transport|{e} = shift|{e}
set up|{e} = install|{e} = put up|{e} = get|{e}|ready for work
return|{e} = send back|{e} = bring back|{e} = give back|{e}
dispose of|{e} = scrap|{e} = throw away|{e} = get rid of|{e}
rent|{e} = hire|{e} = borrow|{e}|against a fee
lend|{e} = loan|{e}|to others = hand over|{e}|to somebody else
insure|{e} = take out|insurance for {e} = get|cover for {e}
wash|{e} = clean|{e} = give|{e}|a wash
charge|{e} = recharge|{e} = fill|the battery of {e}
dismantle|{e} = take|{e}|apart = disassemble|{e}
assemble|{e} = put|{e}|together = build|{e}
heat up|{e} = warm up|{e} = preheat|{e} = get|{e}|hot
defrost|{e} = thaw out|{e} = de-ice|{e}
service|{e} = overhaul|{e} = maintain|{e} = do|maintenance on {e}
lock|{e} = secure|{e} = bar|{e}|against use
unlock|{e} = open|{e} = release|{e}
run in|{e} = break in|{e} = use|{e}|gently at first
"""

SERVICE = """
sign up for|{e} = subscribe to|{e} = join|{e} = take out|{e}
cancel|{e} = end|{e} = quit|{e} = get out of|{e} = terminate|{e}
upgrade|{e} = move up from|{e} = change|{e}|to a higher level
pause|{e} = suspend|{e} = put|{e}|on hold = interrupt|{e}
renew|{e} = extend|{e} = prolong|{e} = continue|{e}
transfer|{e} = pass on|{e} = hand over|{e}|to somebody else = sign over|{e}
pay for|{e} = settle|the bill for {e}
activate|{e} = unlock|{e} = start|{e} = switch on|{e}
test|{e} = try out|{e} = sample|{e}
"""

PAPER = """
hand in|{e} = submit|{e} = turn in|{e} = file|{e} = send in|{e}
sign|{e} = put|a signature on {e}
correct|{e} = amend|{e} = change|{e} = edit|{e}
archive|{e} = file away|{e} = store|{e} = keep|{e}|in the files
withdraw|{e} = take back|{e} = retract|{e}
approve|{e} = sign off|{e} = give|{e}|the green light = authorise|{e}
review|{e} = go through|{e} = look over|{e} = check|{e}
fill in|{e} = complete|{e} = fill out|{e}
copy|{e} = duplicate|{e} = make|a second copy of {e}
reject|{e} = turn down|{e} = refuse|{e}
"""

EVENT = """
register for|{e} = sign up for|{e} = enrol in|{e} = put|a name on the list for {e}
cancel|{e} = call off|{e} = drop|{e}
attend|{e} = take part in|{e} = come to|{e} = join|{e}
prepare|{e} = get|{e}|ready = make|everything ready for {e}
organise|{e} = set up|{e} = put on|{e} = arrange|{e}
postpone|{e} = move|{e}|to another day = put off|{e} = reschedule|{e}
pay for|{e} = settle|the fee for {e}
host|{e} = hold|{e} = lead|{e}
"""

TOPIC = """
arrange|{e} = organise|{e} = sort out|{e}
apply for|{e} = request|{e} = ask for|{e} = put in for|{e}
deal with|{e} = handle|{e} = process|{e} = take care of|{e}
approve|{e} = sign off|{e} = authorise|{e} = give|permission for {e}
record|{e} = enter|{e} = log|{e} = write down|{e}
report|{e} = give|notice of {e} = make|{e}|known
check|{e} = review|{e} = look into|{e} = examine|{e}
pay for|{e} = settle|{e} = cover|{e}
"""

SITE = """
visit|{e} = come to|{e} = drop in at|{e} = call at|{e}
hire|{e} = rent|{e} = book|{e}|for a day = reserve|{e}
clean|{e} = tidy up|{e} = sweep|{e}
enter|{e} = get into|{e} = gain|access to {e}
leave|{e} = get out of|{e} = clear|{e}
close up|{e} = lock up|{e} = shut|{e}
open up|{e} = unlock|{e} = open|{e}
inspect|{e} = check|{e} = go round|{e}
"""

ORG = """
order from|{e} = buy from|{e} = place|an order with {e} = shop at|{e}
pay|{e} = settle|the bill of {e} = transfer|the money to {e}
complain to|{e} = make|a complaint to {e} = take up|a problem with {e}
deliver to|{e} = supply|{e} = bring|goods to {e}
"""
