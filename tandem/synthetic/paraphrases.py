"""Everyday questions that share few words with the text: for relations by name, for attributes by noun.

Lines `name: question | question`; attributes stand under the kind of value that their questions expect, since any other kind of value
behind the same noun would not answer "how long" or "who".
"""

from functools import cache

_OF_RELATIONS = """
weight: Can one person lift {e}, I mean what does it bring to the scales | What is on the scales when I put {e} on them
weight: How many kilos do I carry with {e} | I want to put {e} on a shelf. How heavy is it
price: What would I have to spend on {e}
price: How deep do I have to reach into my pocket for {e} | I am thinking of getting {e}. What will it set me back
price: How much money do you want for {e} | What does one pay nowadays for {e} | {e}, how much
warranty: If {e} breaks, how long will you fix it for nothing | How long are you liable for faults of {e}
warranty: Up to what age does {e} get repaired free of charge | I bought {e} new. How long am I protected against defects
capacity: How much liquid can I pour into {e} | How many litres go in {e} at once | When is {e} full
power: How much will {e} pull from the socket | How many watts does {e} take | What electrical load does {e} put on the line
top_speed: What is the most {e} can do when it goes flat out | How quick is {e} at its best | How many turns does {e} make
battery: How long can I be away from a socket with {e} | After what time is {e} flat | How many hours does {e} keep going off the mains
charging: How long does {e} have to hang on the cable | {e} is flat. How long until it is full again
charging: When can I pull the plug of {e} because it is full
noise: Will {e} disturb the neighbours, how loud does it get | How many decibels does {e} give off | How quiet is {e}
made_of: What stuff is {e} made from | What kind of metal, wood or plastic is {e} | Out of what did you build {e}
colour: In what shades can I get {e} | What does {e} look like, I mean its tone | What shade is {e}
dimensions: Will {e} fit on my shelf, how much room does it need | How tall, wide and deep is {e} | How much space does {e} occupy
pressure: How many bar does {e} have | How hard does {e} press
max_temp: How many degrees does {e} have | How hot does {e} become | What should the thermometer show at {e}
memory: How much can I keep on {e} before it is full | How much room for files is there on {e}
made_in: From which town does {e} come
made_in: In which factory do you put {e} together | Where were you when {e} was built, I mean where is the plant
maker: Whose product is {e} | What brand is {e} | What firm stands behind {e}
launched: How long has {e} been around, since when | When did {e} reach the shops | When could people first buy {e}
support_end: When do you give up on {e} | Until when will you look after {e} | From when on do I get no more fixes for {e}
service_interval: How regularly should someone look after {e}
service_interval: When is the next check of {e} due | I own {e}. How many times must it be maintained
filter_change: When do I have to put a fresh filter into {e} | How long before the filter of {e} is used up
part_number: What do I type into the order form for {e} | I want to order {e}. Under what number | How is {e} called in the catalogue
pin: I stand in front of {e} and need to get in. What do I type | What combination does {e} want | {e} is locked. What opens it
firmware: How new is the software on {e} | Which release is installed on {e} | What is the newest software for {e}
used_for: What can one do with {e} | For which job was {e} made | Why do we have {e}, what is it good for
kept_in: I cannot find {e}. Where should I look | Where did they put {e} | Where does {e} belong after use
lead_time: I order {e} today. When is it at my door | How long until {e} is here | How many days between the order and {e} on my desk
spare_parts: {e} is old. For how long can I still get parts | How long will you be able to mend {e}
includes: What else do I find when I unpack {e} | What do I get when I buy {e}, apart from the thing itself | What belongs to {e}
cleaned_with: {e} is dirty. What do I take | What gets {e} clean | Which cleaner is good for {e}
max_load: When is {e} overloaded | How heavy a load may I put on {e} | What weight is too much for {e}
range: How far away may I go with {e} | What distance can {e} cover | How far can I get with {e}
trial: How long before I have to pay for {e} | How long may I have a free look at {e} | When does the free part of {e} end
cancel_notice: I want to quit {e}. How long beforehand do I have to say so | I would like to stop {e}. What notice do you need
users_limit: How many can I have at most with {e} | Where does {e} draw the line, how many | What is the highest number with {e}
billing: At what rhythm does the bill for {e} come | How regularly do you take money for {e}
uptime: How reliable is {e}, in percent | What part of the time does {e} work
discount: How much cheaper is {e} | What do I save with {e} | How far do you lower the bill for {e} | What reduction can I expect from {e}
reply_time: I wrote to {e}. When will I hear back | How long must I wait for {e} to react | How patient must I be with {e}
deadline: When is it too late for {e} | How much time is left for {e} | By what time must I be done with {e} | Until when can I bring in {e}
advance_notice: How long before must I mention {e} | How much ahead should I plan {e} | When at the latest do I have to say that I want {e}
approver: Who has to say yes to {e} | Who gives the green light for {e} | Whose nod do we need for {e} | Who has the last word on {e}
owner_person: Whom can I ask when something is wrong with {e} | Whose baby is {e} | Who can answer questions on {e} | Who is behind {e}
responsible_team: Where do I turn with {e} | Whose job is {e} | Who takes {e} off my hands
limit_money: How much is too much for {e} | From what amount on do I pay {e} myself | What is the ceiling for {e}
limit_money: What sum does the company bear for {e}
fine: What happens to my wallet in the case of {e} | What must I fork out for {e} | How expensive is it to be caught with {e}
entitlement: How much time off is there for {e} | How long may I stay away for {e} | How many days am I owed for {e}
retention: When do you throw away everything on {e} | How long do you hold on to {e} | For what time are traces of {e} saved
request_via: Where can I put in for {e} | I need {e}. Where do I turn | Where is the right place to ask for {e}
applies_to: Whom is {e} meant for | Who gets {e} | Who is entitled to {e} | Which people can count on {e}
review_cycle: How regularly is {e} gone over | When do you look at {e} again
required_items: What should be in my bag for {e} | What do I have to show for {e} | What must I not forget for {e}
valid_from: As of when does {e} count | What is the first day of {e} | When do the changes to {e} begin
expires: How long can I use {e} before it runs out | When do I need a new one in the case of {e} | After how long is {e} worthless
processing: How long until I have a decision on {e} | How patient must I be with {e} | How much time do you need for {e}
share_paid: How big a part of {e} do you carry | How much of the bill for {e} is taken over | What is added for {e}
team_size: How many colleagues are there in {e} | How many heads does {e} count | How many people are on board at {e}
team_place: I have to see {e}. Where do I go | In which room is {e} | Which door leads to {e}
city: Where in the world is {e} | In what place is the desk of {e} | From where does {e} operate
email: Where can I send a message to {e} | I would like to write to {e}. Where to | What do I put in the address line for {e}
phone: I want to talk to {e}. What do I dial | How can I ring {e} | Under which number does {e} answer
job: What does {e} do here | In what capacity is {e} employed | What is written on the business card of {e}
joined: How long has {e} been here, since when | When was the first day of {e} with us | Since when is {e} on board
signs_up_to: How large an order can {e} sign alone | Where does the authority of {e} end, in money | How much can {e} spend without asking
deputy: {e} is on holiday. Who fills in | Whom do I turn to when {e} is not there | Who covers for {e}
manager_of: Who is above {e} | Who tells {e} what to do | Who signs the holiday of {e}
languages: What does {e} know best | What can I ask {e} about | In what is {e} strong
opening_hours: When can I come to {e} | Between what times is {e} manned | At what time of day does {e} receive people
closes: How late can I come to {e} | When are the lights turned off at {e} | When is it over at {e}
starts_at: How early can I be at {e} | When does it get going at {e} | What time should I set my alarm for {e}
closed_on: When do I find {e} locked | On what day would I go to {e} for nothing | When does {e} have its day of rest
event_date: When should I keep myself free for {e} | What do I write into my calendar for {e} | How is {e} scheduled
event_weekday: What day of the week is {e} on | Which day should I keep free for {e}
event_length: How long will I be busy with {e} | When am I free again after {e} | How long does {e} drag on
seats: How many of us can come to {e} | When is {e} full | For how many is there room at {e} | How large a group can {e} take
register_by: How long can I still put my name down for {e} | When is it too late to join {e} | What is the last day to sign up for {e}
area: How much room is there at {e} | How many square metres does {e} have | How spacious is {e}
founded: How old is {e}, since when | When did everything begin at {e} | In what year did {e} start
founder: Who brought {e} to life | Who was the first head behind {e} | To whom do we owe {e}
supplier: From whom does {e} get its goods | Who brings the goods to {e} | Which firm serves {e}
budget: How deep are the pockets of {e} | What sum can {e} use | How much money was given to {e}
goal: What is {e} for | What do they want to reach with {e} | What do people in {e} work on
project_end: When is {e} done | How long will {e} keep us busy, until when | When do we expect the last day of {e}
client: Who wants {e} | On whose behalf do we do {e} | Who gets the result of {e}
fault_meaning: I see {e} on the screen. What is wrong | {e} came up. What is broken
fault_meaning: Why does it say {e} | What has happened when I read {e}
fault_fix: It keeps showing {e}. How do I make that stop | I got {e}. What do I do about it | {e} does not go away. What helps
fault_fix: How can I make {e} disappear | How do I recover from {e}
symptom_fix: Help, {e}. What now | {e}, what can I do | I noticed that {e}. How do I deal with that | {e}. How do I get it right again
symptom_cause: {e}. Where does that come from | How come that {e} | I do not understand why {e} | {e}. What may be behind it
symptom_call: {e}. Who can help me | {e}. Whose number do I need | To whom do I turn when {e}
thing_first_step: {e} is brand new. What comes first
thing_first_step: I am using {e} for the first time. How do I begin | What should happen before I work with {e}
reset: How do I bring {e} back to its first state | I would like to start from scratch with {e}. How | How can I wipe all settings of {e}
reset: {e} hangs. How do I get it back to normal
shutdown: We are done for today. What do I do with {e} | How should I leave {e} in the evening | How is {e} turned off
topic_step: I have a question on {e}. Where do I begin | How does {e} work here | What should one do in the case of {e}
forbidden: What may I never bring to {e} | What must stay outside of {e} | What would harm {e}
release_new: What do I gain if I move to {e} | What can {e} do that was not possible earlier | What is different in {e}
release_fix: Which trouble is gone with {e} | What was repaired in {e}
port: Where do I plug in the cable for {e} | What must our IT people open for {e} | Over what does {e} talk
dose: How strong do I mix {e} | How much of each goes into {e} | In what proportion do I prepare {e}
waiting: How long do I stand in line for {e} | How patient do I have to be at {e} | How long before it is my turn with {e}
training_needed: What must I have learned for {e} | Which course do I need before {e} | What should I know before I go near {e}
who_may_use: Who has permission for {e} | Whom do you let near {e} | Which people have access to {e}
form_number: Which sheet do I fill in for {e} | What paper must I ask for in the case of {e}
transport: How do I get to {e} | What takes me to {e} | How can I reach {e} without a car
entry_fee: What does a ticket for {e} cost | How much is it to get into {e} | What do I pay at the door of {e}
minimum_age: From what age on is {e} possible | How old does my child have to be for {e} | Who is too young for {e}, below what age
minimum_order: What is the least I can buy from {e} | How much do I have to order at {e} | Is there a lowest amount at {e}, and what is it
payment_terms: When do we have to settle the bill of {e} | How long can we wait with paying {e} | How soon does {e} want its money
supplies_what: What do we get from {e} | What does {e} bring us | What do we buy at {e}
contract_until: How long are we tied to {e}, until when | When can we get rid of {e} at last | When does the agreement with {e} run out
heat_up: How long before {e} is hot | I have just turned on {e}. When is it warm | How early must I switch on {e}
standby_power: What does {e} use when it does nothing | How much does {e} draw while idle
auto_off: After how long does {e} go to sleep | I forgot to turn off {e}. When does it do so itself
torque: How tight do I turn the screws of {e} | How firmly should {e} be screwed down
lifetime: After how much use is {e} worn out | How long is {e} good for
goes_with: What can I combine with {e} | What fits {e} | What pairs well with {e}
not_compatible: What must I not combine with {e} | What does not fit {e} | With what will {e} fail
replacement_price: I lost {e}. What does a new one cost | What must I pay if {e} is gone
installation_fee: How much extra is it if you set up {e}
shipping_cost: What is the postage for {e} | How much is it to have {e} sent | What do I pay so that {e} comes to my door
trade_in: What is {e} still worth to you | What do I get if I hand over {e} | By what sum does the bill fall when I bring {e}
rent: How much is it to hire {e} | What do I pay to borrow {e} | I only need {e} for a while. What does that cost
sold_in: Who can buy {e} | For whom is {e} on the market
stock: How many are left of {e} | How many {e} do we have on the shelf
predecessor: What came before {e} | What did {e} replace | What did people have before {e}
designer: Who drew {e} | Whose idea was the look of {e} | Who is the brain behind {e}
serial_place: I need the serial number of {e} for a form. At what spot can I read it
serial_place: Where do I read off the serial number of {e} | On which spot is the number of {e}
light_code: The light of {e} is on. What is wrong | What is {e} trying to tell me with its lamp
fault_next: I tried everything against {e}. Who comes next | {e} is still there. Where do I turn
fault_pause: How long should I leave it alone after {e} | {e} came up. When may I try again
carry_over: How much of {e} can I take into the next year | How many days of {e} do not lapse
use_by: When do I lose {e} | Until when must {e} be used up
start_after: I am new. When can I have {e} | How long do I have to be here for {e}
bonus_pay: How much extra do I earn with {e} | What is added to my pay for {e}
contact_hours: When can I reach somebody at {e} | At what time does {e} pick up the phone
last_order: Until when can I still order at {e} | What is the cut-off for orders at {e}
ships_from: Where does the parcel with {e} start | From which place is {e} sent
languages_spoken: What can I speak with {e} | In what language does {e} answer
report_to: Who wants to hear about {e} | Whom do I have to tell of {e} | To whose ears must {e} come
exception: Who does not have to follow {e} | For whom does {e} not count | Who is spared {e}
reason: Why do we have {e} | How did {e} come about | What is behind {e}
signed: When did both sides agree on {e} | When was {e} put on paper | What date is under {e}
sales: How much money came in with {e} | How well did {e} sell
target: What should {e} get to | How high did you set the bar for {e}
achieved: How well did {e} do | Where did {e} end up | What did {e} manage in the end
meeting_rhythm: How regularly do the people of {e} sit together | When does {e} get together
founded_place: In what town did {e} see the light of day | Where are the roots of {e}
former_job: For whom did {e} work earlier | Where did we hire {e} away from
hobby: What is {e} keen on | What does {e} do for fun
studied: Where are the roots of {e} | In what town did {e} learn
away: How long must we do without {e} | When can I see {e} again
teaches: Who stands in front of the people at {e} | Who explains things at {e} | From whom do I learn at {e}
refund_until: How late can I drop {e} without losing money | I might not make it to {e}. When do I have to say so to get my money back
catering: What do they put on my plate at {e} | What will I get to eat at {e}
parking: Where can I put my car at {e} | I come to {e} by car. Where do I leave it
emergency_exit: There is smoke at {e}. Where do I go | How do people get out of {e} if it burns
key_keeper: I am locked out of {e}. Who can let me in | Who can unlock {e}
speed_limit: How fast can I go at {e} | What should the speedometer say at {e}
wifi: How do I get online at {e} | My laptop wants a password at {e}. Which one
file_format: As what kind of file do I get {e} | What file type does {e} produce
backup_time: When is {e} saved every night | At what hour is {e} not to be touched
password_length: How long a password does {e} want | How many characters do I need for {e}
known_bug: What goes wrong with {e} | What trouble must I expect from {e}
workaround: {e} is not solved yet. What can I do meanwhile | How do I get by with {e} until then
fixed_in: When do I get rid of {e} for good | Which update makes {e} go away
min_system: What do I need at least for {e} | How old may my system be for {e}
ingredients: What are {e} made from | What goes into {e}
storage_rule: How cold should I keep {e} | How many degrees do {e} need
max_stack: How high can I pile {e} | How many of {e} can I put on top of each other
sampled: How regularly does somebody look at {e} | When are {e} tested
"""

_OF_ATTRIBUTES = """
# duration
notice period: How long beforehand do I have to quit {e} | How early do I have to say that I want out of {e}
retention period: How long do you hold on to {e} | After what time are the files on {e} thrown away
response time: How long until somebody at {e} reacts | How fast will I get an answer about {e}
trial period: How long can I try out {e} | How long before I must pay for {e}
grace period: How late may I be with {e} | How much extra time do you allow for {e}
lease term: For how long is {e} rented out | How long are we bound to {e}
processing time: How long until {e} is dealt with | How long do you need for {e}
shelf life: How long can I keep {e} | How long does {e} stay good
service interval: How long can {e} go between two checks
timeout: How long does {e} wait before it gives up
probation period: How long until I am a full member of {e}
session length: How long do I stay logged in to {e} | How long does one sitting of {e} go on
return window: When is it too late to give {e} back | I do not like {e}. Until when can I return it
refund window: How long can I ask for my money back for {e} | Within what time do I get my money back for {e}
storage period: How long is {e} kept | How long can {e} stay on the shelf
turnaround: How fast do I get {e} back | How long are you busy with {e}
lifetime: How long does {e} last | After what time is {e} worn out
repair time: How long must I do without {e} when it is being fixed | {e} is broken. How long does fixing take
lock period: How long am I shut out of {e} | How long is {e} blocked
rest break: How long can I relax at {e} | How long a pause does {e} allow
loan period: How long may I borrow {e} | When do I have to bring {e} back
waiting time: How long do I queue for {e} | How long until it is my turn at {e}
set-up time: How long until {e} is ready for work | How long does it take to install {e}
contract term: How long am I tied to {e} | For how long do I sign up with {e}
# money
fee: What do I have to pay for {e} | How much is {e}
deposit: How much do I leave as a security for {e} | What do I pay in advance for {e}
budget: How much may we spend on {e} | What sum is there for {e}
penalty: What does it cost me to break the rules on {e} | How expensive is a mistake with {e}
allowance: How much do I get for {e} | What does the company add for {e}
monthly rate: What do I pay each month for {e} | How much is {e} a month
shipping cost: What is the postage for {e} | How much is it to send {e}
rent: What do I pay to use {e} | How much is it to hire {e}
bonus: How much extra is paid for {e} | What do I earn on top with {e}
fine: What do I pay when I am caught with {e} | What does breaking the rules on {e} cost
approval limit: How much may be spent on {e} without asking | From what sum on does {e} need a signature
insurance cover: How much does the insurance pay for {e} | For what sum is {e} insured
daily rate: What does {e} cost a day | How much for one day of {e}
credit limit: How much can {e} owe us | How deep in the red may {e} go
membership fee: What does it cost to belong to {e} | How much do members of {e} pay
meal allowance: How much may I spend on food with {e}
handling fee: What do you take for the work with {e}
hourly wage: What does one earn in an hour at {e}
gift limit: How expensive may a present from {e} be
revenue: How much money did {e} take in
# mass
net weight: How heavy is {e} without the box | What does {e} itself weigh
gross weight: How heavy is {e} with the box | What does {e} weigh all packed up
payload: How much can {e} carry | How heavy a load does {e} take
load limit: How heavily may I load {e} | What weight is too much for {e}
# length
range: How far does {e} get | How far away does {e} work
height: How tall is {e} | How far up does {e} reach
width: How broad is {e} | Will {e} fit through the door, how wide is it
depth: How deep is {e} | How far down does {e} go
diameter: How thick is {e} across | How wide is the circle of {e}
cable length: How far from the socket can {e} stand | How long is the lead of {e}
clearance: How much room should I leave around {e} | How much air does {e} need
safety distance: How far away do I have to stay from {e} | How close may I come to {e}
thickness: How thick is {e} | How thin is {e}
# volume
tank size: How much can I pour into {e} | How many litres fit in {e}
capacity: How much goes into {e} | How much can {e} take
water use: How much water does {e} need | How thirsty is {e}
fill level: How far should I fill {e} | How much should be in {e}
# power
consumption: How much electricity does {e} take | What does {e} draw from the socket
voltage: How many volts does {e} need | On what current does {e} run
output: How much does {e} deliver | How strong is {e}
# temperature
operating temperature: How warm should it be where {e} works | At how many degrees does {e} run
storage temperature: How cold should I keep {e} | How warm may it be where {e} is stored
water temperature: How hot is the water in {e} | How warm does the water for {e} have to be
serving temperature: How cold or hot do I serve {e}
# data
mailbox size: How many mails fit into {e} | How much post can {e} hold
upload limit: How large may the files be that I send to {e}
file size limit: How big may a file for {e} be
bandwidth: How fast is the line of {e} | How much data goes through {e}
# count
number of users: How many people can use {e} | How many accounts does {e} have
headcount: How many work at {e} | How many heads are there in {e}
quota: How many may I have with {e} | How much is allotted to {e}
maximum attempts: How many tries do I have with {e} | After how many mistakes does {e} lock me out
order quantity: How many do we order of {e} | How many come in one order of {e}
batch size: How many are made at once with {e} | How many go into one run of {e}
stock level: How many are left of {e} | How many do we have in store of {e}
minimum order: How few can I order of {e} | What is the smallest number I can buy of {e}
fleet size: How many vehicles does {e} have
group size: How many of us can take part in {e} | How large may the party for {e} be
# percent
discount: How much cheaper do I get {e} | How far do you lower the bill for {e}
tax rate: How much goes to the state for {e} | What does the tax office take of {e}
error rate: How much goes wrong with {e} | What part of {e} fails
interest rate: What do I pay on money borrowed for {e} | What does the money in {e} earn
commission: What part does the seller of {e} keep | How much do agents earn on {e}
humidity: How damp may it be at {e} | How moist is the air at {e}
occupancy: How full is {e} | What part of {e} is taken
growth: How much bigger did {e} become | By how much did {e} rise
surcharge: How much is added for {e} | How much dearer is it with {e}
completion rate: How far has {e} got | What part of {e} is done
yield: How much comes out of {e} in the end
# person
owner: Whose is {e} | Who has the last word about {e}
manager: Who is the boss of {e} | Who runs {e}
contact person: Whom can I ask about {e} | Who answers questions on {e}
reviewer: Who reads through {e} | Who checks {e}
author: Who wrote {e} | From whose pen is {e}
director: Who is at the top of {e} | Who directs {e}
coordinator: Who keeps {e} together | Who organises {e}
designer: Who drew {e} | Who thought up the look of {e}
inspector: Who comes to look at {e} | Who controls {e}
maintainer: Who keeps {e} in order | Who fixes {e} when it breaks
sponsor: Who pays for {e} | Whose money is behind {e}
instructor: Who teaches {e} | From whom do I learn {e}
approver: Who has to say yes to {e} | Who signs off {e}
chair: Who leads the round of {e} | Who sits at the head of {e}
trainer: Who teaches {e} | Who shows me how {e} works
inventor: Who came up with {e} | Who thought of {e} first
treasurer: Who looks after the money of {e}
editor: Who corrects the texts of {e}
# role
approval: Who has to say yes to {e} | Whose consent does {e} need
second signature: Who signs {e} too | Who else must put a name under {e}
key holder: Who can unlock {e} | Who can let me in to {e}
first contact: Whom do I call first about {e} | Where do I turn first with {e}
escalation contact: Who comes next if nobody helps with {e} | Where can I complain about {e}
# place
origin: Where does {e} come from | From which town is {e}
headquarters: Where does the management of {e} sit | From where is {e} run
drop-off point: Where can I leave {e} | Where do I hand over {e}
venue: Where is {e} held | Where do I have to go for {e}
birthplace: Where was {e} born
# room
meeting point: Where do we gather for {e} | Where do I meet the others for {e}
pickup point: Where can I collect {e} | Where do I fetch {e}
parking area: Where do I leave the car at {e} | Where can I park for {e}
assembly point: Where do people of {e} go when the alarm sounds
storage room: Where is {e} put away
# date
launch date: When did {e} come out | Since when can people get {e}
expiry date: When does {e} run out | Until when is {e} good
deadline: When must {e} be done | When is it too late for {e}
due date: When must {e} be paid or handed in | By when is {e} expected
founding date: When was {e} set up | Since when does {e} exist
last review: When did somebody last look at {e} | When was {e} checked most recently
start date: When does {e} begin | From when on is there {e}
end of support: When does help with {e} stop
renewal date: When is {e} extended | When do I have to take out {e} again
effective date: As of when does {e} count
purchase date: When did we buy {e} | Since when do we own {e}
next meeting: When do people of {e} sit together again
# clock
opening time: When are the doors of {e} unlocked | How early can I come to {e}
closing time: When are the doors of {e} locked | How late can I come to {e}
cutoff: What hour must I not miss for {e} | Until when today can I still do something about {e}
collection time: When is {e} picked up | When does somebody fetch {e}
departure time: When does {e} leave | When do we set off with {e}
shift start: When do I have to be at work at {e} | When does the day begin at {e}
order deadline: Until when can I order from {e} | What hour must I not miss with an order to {e}
check-in time: When can I move in at {e} | From when can I get my room key at {e}
lunch break: When do they eat at {e} | When is nobody at {e} at midday
# weekday
delivery day: On what day do goods come to {e} | When does the lorry come to {e}
cleaning day: On what day is {e} scrubbed
weekly meeting: On which day does {e} sit together
day off: When does {e} not work | On which day is nobody at {e}
# code
part number: What do I order for {e} | Under which number is {e} listed
error code: What does {e} show when it fails
access code: What do I type to get into {e} | How do I get through the door of {e}
password: What do I type to log in to {e} | How do I get into {e}
port: Where does {e} plug in | What must be open in the firewall for {e}
serial number: Which number identifies {e}
cost centre: Where do I book the cost of {e} | Which account is charged for {e}
form: What do I fill in for {e} | Which sheet goes with {e}
# material
material: What is {e} made of | What is {e} made from
coating: What covers the surface of {e} | With what is {e} treated outside
lining: What is {e} made of inside | What covers the inside of {e}
insulation: What keeps {e} warm
# colour
label colour: How do I recognise the sticker on {e}
bin colour: Into which bin does {e} go
# org
supplier: From whom do we get {e} | Who delivers {e}
vendor: Who sells us {e} | From whom do we buy {e}
carrier: Who brings {e} to the customer | Who transports {e}
insurer: Who pays when {e} is damaged | With whom is {e} insured
manufacturer: Who makes {e} | Whose product is {e}
landlord: From whom do we rent {e} | To whom does {e} belong
auditor: Who looks through the books of {e}
parent company: To whom does {e} belong
# email
email address: Where do I write to reach {e}
support address: Where do I send my problem with {e}
# phone
hotline: What do I dial when I need help with {e}
emergency number: {e} is in trouble. What do I dial
# frequency
inspection interval: How often does somebody look at {e}
backup frequency: How often is {e} saved | How regularly is a copy of {e} made
meeting rhythm: How often does {e} sit together
cleaning schedule: How often is {e} cleaned
review cycle: How often is {e} looked over
delivery rhythm: How often do goods come to {e}
# phrase
payment method: How can I pay for {e} | In what way is {e} paid
fuel: What does {e} run on | What do I fill into {e}
main ingredient: What is {e} mostly made of
requirement: What must be given for {e} | What is needed for {e}
main feature: What makes {e} special | What is {e} best at
theme: What is {e} about | What does {e} deal with
# action
first step: How do I begin with {e} | What comes first with {e}
reset method: How do I bring {e} back to normal | How do I start over with {e}
emergency measure: Something went wrong with {e}. What do I do at once
last step: What do I do at the end with {e} | How is {e} finished
procedure: How does one go about {e} | How is {e} done
# gear
protective equipment: What should I put on for {e} | What must I wear at {e}
required documents: What papers do I need for {e} | What do I have to show for {e}
accessories: What else comes with {e} | What can I get for {e}
packing list: What do I take along to {e}
starter kit: What do I get at the beginning of {e}
# group
target group: Who is {e} made for | Whom does {e} address
eligible staff: Who can get {e} | Who has a right to {e}
authorised users: Who may use {e} | Who has access to {e}
# ratio
mixing ratio: How much of each do I take for {e} | How strong do I make {e}
dilution: How much water do I add to {e}
dosage: How much of it do I need for {e}
# pressure
tyre pressure: How hard do I pump up {e} | How many bar do I put into {e}
torque: How tight do I turn the screws of {e}
# speed
top speed: How fast does {e} get
wind limit: In how strong a wind is {e} still used
# size
dimensions: How big is {e} | How much room does {e} take
paper size: What sheets go into {e}
# channel
booking tool: Where do I reserve {e} | Where can I book {e}
request form: Where do I ask for {e}
reporting channel: Where can I report trouble with {e}
# people
team size: How many work together at {e}
maximum occupancy: How many may be in {e} at once | When is {e} full
minimum staffing: How many must be on duty at {e} at least
"""


def _parts(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(" | "))


@cache
def of_relations() -> dict[str, tuple[str, ...]]:
    """Name of a relation -> further questions."""
    found: dict[str, tuple[str, ...]] = {}
    for line in _OF_RELATIONS.strip().splitlines():
        name, _, rest = line.partition(": ")
        found[name] = found.get(name, ()) + _parts(rest)
    return found


@cache
def of_attributes() -> dict[tuple[str, str], tuple[str, ...]]:
    """(noun, kind of value) -> questions."""
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    kind = ""
    for line in _OF_ATTRIBUTES.strip().splitlines():
        if line.startswith("# "):
            kind = line.removeprefix("# ")
        else:
            noun, _, rest = line.partition(": ")
            found[noun, kind] = found.get((noun, kind), ()) + _parts(rest)
    return found
