"""Further relations, in the format of `relations`: what rules, manuals and support pages say, with longer values than a bare amount."""

RULES = """
## money and time, with their conditions

# return_window: thing service -> window
label: return period | returns | right of return | taking back
say: {e} can be sent back within {v} | You may return {e} up to {v} | We take {e} back within {v} | The right to hand back {e} ends {v}
say: If you change your mind about {e}, tell us within {v} | Unused, {e} is taken back within {v}
ask: How long can I return {e} | I do not like {e} after all. When is it too late to hand it back | Until when do you take back {e}
ask: I ordered {e} by mistake. Can it go back, and until when
ask: What is the return period of {e} | How many days do I have to change my mind on {e}

# complaint_window: thing service event org -> window
label: time for complaints | complaints | report defects
say: Complaints about {e} must reach us within {v} | Tell us of defects of {e} within {v} | {e} can be objected to within {v}
say: Whoever is unhappy with {e} has {v} to say so
ask: How long can I complain about {e} | {e} has a defect. How soon must I tell you | By when do you need to hear of faults of {e}
ask: How much time do I have to object to {e}

# money_back: thing service event -> window
label: time of repayment | repayment | money back
say: The money for {e} is returned within {v} | You have your money for {e} back within {v} | We repay {e} within {v}
say: Refunds for {e} arrive within {v}
ask: When do I see my money again for {e} | How long does the refund for {e} take | I gave {e} back. When do you pay me
ask: When will the amount for {e} be in my account

# extra_charge: thing service event site -> payment
label: surcharge | extra charge | on top | supplement
say: {e} costs {v} more at weekends | A supplement of {v} is charged for {e} | On top of the price of {e} comes {v}
say: {v} is added to the bill for {e}
ask: What extra do I pay for {e} | What comes on top of the price of {e}
ask: How high is the supplement for {e} | Does the bill for {e} grow, and by how much

# tariff: service site event -> payment
label: rate | tariff | price per use | charge
say: {e} is charged at {v} | The rate for {e} is {v} | You pay {v} for {e} | {e} can be had for {v} | We bill {e} at {v}
ask: What is the rate for {e} | How much do you take for {e} | What do I owe for {e} | At what rate is {e} billed | What does {e} come to

# late_cost: service paper topic -> payment
label: cost of delay | late fee | if late
say: If {e} is late, {v} is charged | Delay with {e} costs {v} | Whoever is late with {e} pays {v} | {v} falls due when {e} is overdue
ask: What does it cost if I am late with {e} | I missed the date for {e}. What do I pay | How expensive is a delay with {e}

# reimbursed: topic event -> payment
label: reimbursement | refunded | paid back | company share
say: For {e} you get {v} back | We reimburse {v} for {e} | The company returns {v} for {e} | {e} is repaid with {v}
ask: What part of my outlay for {e} comes back | How much does the company return for {e} | I paid for {e} myself. How much is repaid
ask: What can I reclaim for {e}

# own_share: topic service -> payment
label: own share | employee share | you pay | contribution
say: You pay {v} of {e} yourself | Your own part of {e} is {v} | {v} of the bill for {e} is yours | Staff contribute {v} to {e}
ask: How much of {e} comes out of my own pocket | What is my own part of {e} | What do staff pay towards {e}

# ask_by: topic event paper -> latest
label: latest date | ask by | wishes by
say: Ask for {e} by {v} | Wishes for {e} must be in by {v} | {v} is the last moment for {e} | After {v}, nothing can be changed about {e}
say: {e} is open until {v}
ask: By when must I ask for {e} | What is the cut-off for {e} | Until when can I still change something about {e}
ask: How late can I speak up about {e} | When does the list for {e} close

# stays_open: service paper -> window
label: time on hold | stays open | open for
say: {e} stays open for {v} | {e} is left open {v} | We keep {e} on hold {v} | {e} waits for you {v}
ask: How long does {e} stay open | For what time is {e} left open | How long do you keep {e} waiting for me

# notice_to_staff: topic event -> window
label: announcement time | told in advance | made known
say: Staff are told about {e} {v} | {e} is announced {v} | News of {e} comes {v} | We make {e} known {v}
ask: When do staff hear about {e} | How early do you announce {e} | When is {e} made known

# times_allowed: topic service event -> times
label: limit on repetition | how many times | repetitions
say: {e} is possible {v} | You can use {e} {v} | {e} may be repeated {v} | Everyone can ask for {e} {v}
ask: How many times can I use {e} | How many times in all is {e} possible
ask: What is the limit on repeating {e} | How often may one ask for {e}

# proof: topic service event -> papers
label: proof | evidence | attach
say: {e} must be backed by {v} | As proof for {e} we need {v} | Attach {v} in the case of {e} | Keep {v} for {e}
say: Nothing happens on {e} until we have {v}
ask: What proof do you need for {e} | What do I have to attach for {e} | With what do I back up {e} | What should I keep for {e}
ask: What papers go with {e}

# who_pays: topic event service -> role
label: payer | paid by | cost carried by | bill goes to
say: {e} is paid by {v} | The bill for {e} goes to {v} | {v} carries the cost of {e} | {v} pays for {e}
ask: Who pays for {e} | To whom does the bill for {e} go | Out of whose pocket is {e} paid | Who carries the cost of {e}

# second_signer: topic paper project -> role
label: second signature | countersigned by | also signed by
say: {e} is countersigned by {v} | {v} adds a second signature to {e} | Besides the manager, {v} signs {e}
ask: Who else has to sign {e} | Whose second signature does {e} need | Who countersigns {e}

# informed: topic event fault -> role
label: person to be told | informed | copy to
say: {v} is told about {e} | A copy on {e} goes to {v} | Inform {v} of {e} at once | {v} wants to hear about {e} the same day
ask: Who must hear about {e} | Whom do I tell about {e} | To whom does a copy on {e} go | Who is to be informed of {e}

# if_ignored: topic event project -> consequence
label: consequence of neglect | if ignored | otherwise
say: If {e} is ignored, {v} | Whoever forgets about {e} will see that {v} | Without {e}, {v} | Otherwise, in the case of {e}, {v}
ask: What happens if I ignore {e} | What follows if {e} is forgotten | What is the consequence of neglecting {e}

# background: topic service thing site -> reason
label: background | reason | why so
say: {e} is handled like this because {v} | We changed {e} because {v} | The rule on {e} exists because {v} | With {e} we are strict, as {v}
say: Since {v}, {e} was changed
ask: Why is {e} handled like this | What is the reason for the rule on {e} | Why did you change {e} | What made you change {e}
ask: Why are you strict with {e}

## machines, in everyday words

# start_sequence: thing -> step
label: start sequence | starting | to start
say: To wake {e}, {v} | {e} starts when you {v} | {v} and {e} is running | {e} is woken like this: {v}
ask: How do I wake {e} | How do I get {e} going | {e} is asleep. What do I press | How does one start {e}

# lock_keys: thing -> step
label: key lock | child lock | locking the keys
say: To lock the keys of {e}, {v} | The child lock of {e} is set like this: {v} | {v} so that nobody can change {e} by accident
ask: How do I lock the keys of {e} | How do I keep children from pressing anything on {e} | How is the child lock of {e} set

# sound_off: thing -> step
label: silent mode | mute | sound off
say: To silence {e}, {v} | The beep of {e} is gone if you {v} | {e} is muted like this: {v}
ask: How do I silence {e} | The beep of {e} drives me mad. How do I stop it | How do I mute {e}

# read_counter: thing -> menu
label: usage counter | counter | where to read
say: The counter of {e} is under {v} | Read the counter of {e} in {v} | How much {e} has done is shown in {v}
ask: Where do I read the counter of {e} | Where can I see how much {e} has done | Under what menu is the counter of {e}

# language_menu: thing service -> menu
label: language setting | change language
say: The language of {e} is changed in {v} | Choose the language of {e} under {v} | {v} holds the language of {e}
ask: Where do I change the language of {e} | {e} speaks the wrong language. Where do I set it | In which menu is the language of {e}

# report_in: service paper -> menu
label: menu entry | found under | where in the program
say: You will find {e} under {v} | {e} is in the menu {v} | Open {v} to see {e} | {e} has moved to {v}
ask: Where in the program is {e} | Under what menu do I find {e} | Where do I click to see {e}

# switch_place: thing -> spot
label: place of the switch | main switch | on and off
say: The main switch of {e} is {v} | You switch {e} on {v} | {e} has its switch {v} | The button for {e} sits {v}
ask: Where is the switch of {e} | Where do I turn on {e} | I cannot find the button of {e}. Where does it sit

# spare_key: site thing -> spot
label: place of the spare key | spare key | second key
say: The spare key for {e} is {v} | There is a second key to {e} {v} | Nobody knows that the key of {e} lies {v}
ask: Where is the spare key for {e} | I am locked out of {e}. Where is the second key

# build: thing -> spec
label: construction | tank | design | build
say: The tank of {e}: {v} | {e} is built with a vessel ({v}) | The core of {e} is as follows: {v} | Inside {e}: {v}
ask: What kind of tank does {e} have | What is inside {e} | How is {e} built | What does the core of {e} look like

# colours: thing service -> listing
label: list of variants | available in | choices | variants
say: {e} is available in {v} | You can choose {e} in {v} | {e} exists in these variants: {v} | There is {e} in {v}
ask: What variants of {e} are there | What can I choose from with {e} | Which choices do I have with {e} | In what forms does {e} exist

# parts_of: thing service paper project -> listing
label: list of parts | parts | made up of | contents
say: {e} is made up of {v} | {e} has these parts: {v} | The parts of {e} are {v} | {e} covers {v} | {v} belong to {e}
ask: What parts does {e} have | What belongs to {e} | What is {e} made up of | Which parts make up {e}

# months: event topic site -> months
label: season | runs in | period
say: {e} runs in {v} | {e} only takes place in {v} | {e} is limited to {v} | Our season for {e} is {v}
ask: When in the year does {e} run | Which part of the year is for {e} | When is the season for {e}

# not_covered: service paper topic -> listing
label: list of exclusions | not covered | exclusions | not included
say: {e} does not cover {v} | {v} are excluded from {e} | {e} is for everything except {v} | {e} leaves out {v}
ask: What does {e} not cover | What is excluded from {e} | What must I pay myself in spite of {e} | What is left out of {e}

# covered: service paper -> listing
label: scope | covered | included
say: {e} pays for {v} | {v} are covered by {e} | {e} takes care of {v} | With {e}, {v} are free
ask: What does {e} cover | What is taken care of with {e} | What does {e} pay for | What is free with {e}

# wear: thing -> usage
label: working life | replace after | worn out after
say: {e} is good for {v} | {e} is worn out after {v} | Replace {e} after {v} | You can expect {v} from {e}
ask: How long does {e} hold out | When is {e} worn out
ask: How much can I expect from {e} before it gives up | After how much use must {e} be replaced

# first_check: thing -> usage
label: first check | first service | running-in
say: The first check of {e} is due after {v} | Bring {e} in after {v} for the first time | {e} is run in after {v}
ask: When is the first check of {e}
ask: How far can I go with a new {e} before it is looked at | After how much use is the first service of {e}

# opening_tool: thing -> tools
label: opening tool | to open | opened with
say: {e} is opened with {v} | To open {e} you need {v} | Take {v} to get {e} open
ask: What do I need to open {e} | With what can I get {e} open | Which tool opens {e}

# never_clean: thing -> tools
label: harmful tool | never use | keep away
say: {e} must not be touched with {v} | Keep {v} away from {e} | {v} would ruin the surface of {e} | {e} does not stand {v}
ask: What ruins the surface of {e} | What must {e} not be touched with | What does {e} not stand | What would harm {e}

# transport_lock: thing -> step
label: transport lock | before transport | moving
say: Before you carry {e} away, {v} | {e} is ready to travel once you {v} | When moving house with {e}, {v}
ask: I am moving and want to take {e} along. What do I do first | How do I get {e} ready to travel

# memory_clear: thing service -> step
label: way to clear the memory | clear memory | delete data
say: To erase what {e} has stored, {v} | {e} forgets everything when you {v} | Clear the memory of {e} like this: {v}
ask: How do I erase what {e} has stored | I am selling {e}. How does my data disappear | How do I make {e} forget everything

# light_meaning: thing -> cause
label: cause of the blinking | blinking | red light
say: If {e} blinks, it is because of {v} | A blinking lamp on {e} points to {v} | {e} blinks with {v} | When {e} flashes, think of {v}
ask: Why does {e} blink | {e} is flashing. What is wrong
ask: What does the blinking of {e} mean | {e} winks at me with its lamp, what does it want

# noise_cause: thing -> cause
label: cause of the noise | strange noise | rattling
say: If {e} rattles, it is mostly {v} | Rattling in {e} comes from {v} | The hum of {e} is caused by {v}
ask: Why does {e} rattle | {e} makes a strange sound. What is it | Where does the noise in {e} come from

# no_start: thing -> step
label: help when dead | does not start | no reaction
say: If {e} does not start, {v} | When {e} shows no sign of life, {v} | Should {e} stay dead, {v} | {v} if {e} does not react
ask: {e} does not start. What can I do | What do I do when nothing happens with {e} | {e} is dead. How do I revive it
ask: How do I get {e} back to life

# error_stop: fault -> consequence
label: effect | what happens | result
say: With {e}, {v} | When {e} appears, {v} | {e} means that {v} | As long as {e} is there, {v}
ask: What happens with {e} | What is the effect of {e} | What goes on while {e} is there | What do I notice when {e} comes

# fault_steps: fault -> step
label: remedy | clearing | what to do
say: {e}: {v} | To clear {e}, {v} | If {e} shows, {v} | {e} goes away if you {v} | When you see {e}, {v}
ask: How do I clear {e} | What do I do about {e} | I see {e}. What do I press | How can I make {e} go away | It says {e}. What helps

# fault_part: fault -> code
label: spare part | part to order | replace
say: For {e}, order part {v} | {e} is repaired with part {v} | If {e} returns, part {v} is needed | {v} is the part for {e}
ask: What spare part cures {e} | {e} keeps coming. What do I order

## people and places

# on_duty: site event team -> hours
label: reception hours | on duty | staffed
say: Somebody is at {e} {v} | {e} is staffed {v} | You will meet people at {e} {v} | The desk of {e} is manned {v}
ask: When is somebody at {e} | At what times do I meet people at {e}
ask: When is the desk of {e} manned | Between what times can I catch someone at {e}

# substitute: site event service -> place
label: alternative | if full | replacement
say: If {e} is full, go to {v} | {v} takes over when {e} is closed | When there is no room at {e}, use {v}
ask: Where do I go if {e} is full | What do I use when {e} is closed | Where else can I go instead of {e}

# dress: site event -> gear
label: dress code | clothing | to wear
say: Wear {v} at {e} | Nobody enters {e} without {v} | At {e}, {v} must be worn | {v} is the rule at {e}
ask: What do I have to wear at {e} | How should I dress for {e} | What do I put on for {e}

# guests: site event service -> people
label: limit on guests | guests | may bring
say: You can bring {v} to {e} | {e} is open to {v} at a time | Up to {v} may come along to {e}
ask: How many may I bring to {e} | How large may my party be at {e} | How many can come along to {e}

# who_repairs: thing site -> org
label: service partner | repairs by | repaired by
say: {e} is repaired by {v} | Send {e} to {v} for repair | {v} mends {e} | Damage to {e} is put right by {v}
ask: Who repairs {e} | {e} is broken. Who mends it | To whom do I send {e} when it is broken

# insured_with: thing site event -> org
label: insurance company | insured with | insurance
say: {e} is insured with {v} | {v} insures {e} | Damage to {e} is paid by {v}
ask: With whom is {e} insured | Who pays if something happens to {e} | Which company covers {e}

# successor: person team -> person
label: successor | next | from next year
say: {v} follows {e} next year | {e} hands over to {v} | {v} will take the place of {e} | The successor of {e} is {v}
ask: Who follows {e} | Who will take the place of {e} | To whom does {e} hand over

# mentor: person team -> person
label: mentor | guide | introduced by
say: {v} is the mentor of {e} | {e} is shown around by {v} | {v} helps {e} in the first weeks
ask: Who is the mentor of {e} | Who shows {e} around | Who helps {e} in the first weeks

# best_before: topic service -> window
label: time of lapse | lost after | can be used
say: {e} lapse {v} | Unused, {e} are gone {v} | We keep {e} for you {v} | {e} can be used {v}
ask: When do {e} lapse | How long can I make use of {e} | When are {e} gone for good

# queue: service team site -> duration
label: waiting list | queue | current wait
say: The waiting list of {e} is {v} long | At {e} you wait {v} | Expect a wait of {v} at {e} | It takes {v} to get your turn at {e}
ask: How many wait before me at {e}, in time | How long before it is my turn at {e} | How patient do I have to be at {e}

# share_online: service team org -> percent
label: share done | done online | solved
say: {v} of the cases at {e} are done online | {e} solves {v} at the first contact | On time at {e}: {v}
ask: How many of the cases at {e} go well the first time | What share does {e} manage | How big is the part that {e} gets done

# grade: person team event -> percent
label: pass mark | score | minimum score
say: {v} are needed to pass {e} | You pass {e} with {v} | {e} asks for {v} of the points
ask: How well do I have to do to pass {e} | What score does {e} ask for | Below what result do I fail {e}

## posts

# order_limit: post -> payment
label: signing limit | may order up to | orders | limit
say: {e} may order goods for {v} | {e} can sign for {v} | Orders of {v} can be placed by {e} | The limit of {e} is {v}
ask: How large an order can {e} place | I work as {e}. How much may I order without asking | Where does the authority of {e} end, in money
ask: What is the most that {e} may spend | From what sum on must {e} ask a superior

# post_leave: post -> days
label: holiday | days off | leave | vacation
say: {e} has {v} of holiday | {v} of holiday are due to {e} | {e} gets {v} off | The holiday of {e} comes to {v}
ask: How much time off does {e} get | I work as {e}. How long may I go on holiday | How many free days does {e} have
ask: What holiday is due to {e}

# post_pay: post -> money
label: pay | salary | wage | pay band
say: {e} earns {v} | The pay of {e} starts at {v} | {e} is paid {v} | We pay {e} {v}
ask: What does {e} earn | I have been hired as {e}. What will I be paid | How much money does {e} make | What do you pay {e}

# post_hotel: post -> payment
label: hotel limit | overnight limit | hotel
say: {e} may spend {v} on a hotel | For the night, {e} gets {v} | The hotel of {e} is paid up to {v}
ask: How expensive may the hotel of {e} be | I travel as {e}. What may I pay for the night | What can {e} spend on a room

# post_notice: post -> duration
label: notice period | notice | leaving
say: {e} can leave with {v} of notice | {e} has a notice period of {v} | For {e}, notice is {v}
ask: How long beforehand must {e} give notice | I quit as {e}. How long do I still have to work | What notice does {e} have

# post_trial: post -> duration
label: trial months | probation | trial
say: {e} is on trial for {v} | The first {v} of {e} are a trial | {e} is confirmed after {v}
ask: How long is {e} on trial | I start as {e}. When am I confirmed | How long is the probation of {e}

# post_gear: post -> gear
label: equipment | issued with | outfit
say: {e} is issued with {v} | {e} gets {v} on the first day | We give {e} {v} | {e} must wear or carry {v}
ask: What is {e} issued with | I start as {e}. What will I be given | What equipment does {e} get

# post_boss: post -> role
label: superior | reports to | boss
say: {e} reports to {v} | {v} is the superior of {e} | {e} takes orders from {v} | {e} answers to {v}
ask: Who is above {e} | I work as {e}. Who is my boss | From whom does {e} take orders | To whom does {e} report

# post_course: post -> duration
label: training | course | induction
say: {e} is trained for {v} | The induction of {e} takes {v} | {e} spends {v} on a course before starting
ask: How long is {e} trained | I begin as {e}. How long is my induction | How much training does {e} get

# post_rhythm: post -> frequency
label: review talk | appraisal | review
say: {e} is appraised {v} | We sit down with {e} {v} | {e} has a review talk {v}
ask: How often is {e} appraised | When do you sit down with {e} | I work as {e}. How often do I get feedback

# post_start: post -> clock
label: start of work | shift start | begins at
say: {e} begins at {v} | The day of {e} starts at {v} | {e} has to be there by {v}
ask: When does {e} begin | I work as {e}. When must I be there | How early does the day of {e} start

# post_budget: post -> payment
label: training budget | course budget | education
say: {e} can spend {v} on courses | The education of {e} is supported with {v} | {e} has {v} a year for learning
ask: How much can {e} spend on courses | I work as {e} and want to learn something. How much is paid
ask: What is there for the education of {e}

# post_number: post -> count
label: number of posts | positions | staff
say: We have {v} for {e} | There are {v} for the post of {e} | The plan has {v} for {e}
ask: How many are planned for {e} | What number does the plan give for {e}

## thresholds

# too_long: paper service topic -> duration
label: maximum length | not longer than | longest
say: {e} must not be longer than {v} | {e} is cut off after {v} | {v} is the longest that {e} may go on
ask: How long may {e} be at most | After what time is {e} cut off | What is the longest possible in the case of {e}

# oldest: thing site service -> year_age
label: maximum age | oldest accepted | age limit
say: {e} is accepted up to an age of {v} | {e} must not be older than {v} | After {v}, {e} is no longer taken
ask: How old may {e} be at most | Up to what age do you accept {e} | When is {e} too old

# small_case: topic org service -> payment
label: small-case limit | without question up to | no questions below
say: Below {v}, {e} is settled without questions | {e} is paid at once up to {v} | Up to {v} nobody asks about {e}
ask: Up to what sum is {e} settled without questions | How small must the amount be so that nobody asks about {e}

# repeats: thing -> times
label: repetitions | number of rounds | runs
say: Repeat this with {e} {v} | {e} has to go through it {v} | Let {e} do this {v}
ask: How many times do I repeat it with {e} | How many rounds does {e} have to go through

"""
