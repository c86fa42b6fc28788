"""What can be said of something, and in how many words: labels for tables and lists, statements, everyday questions.

A block is `# name: kinds of subject -> kind of value` and its wordings, divided by bars; the first label is a noun.
To add a relation, add a block.
"""

import re
from dataclasses import dataclass
from functools import cache

from tandem.synthetic import paraphrases
from tandem.synthetic.rules import RULES


@dataclass(frozen=True)
class Relation:
    """`says` and `asks` are templates over {e} (the subject) and {v} (the value), without the final stop or question mark."""

    name: str
    subject: str
    value: str
    labels: tuple[str, ...]
    says: tuple[str, ...] = ()
    asks: tuple[str, ...] = ()
    family: str = ""


_RELATIONS = """
## products

# weight: thing -> mass
label: weight | net weight | mass | shipping weight
say: {e} weighs {v} | {e} weighs in at {v} | {e} has a mass of {v} | At {v}, {e} is easy to carry | {e} brings {v} to the scales
say: {e} is heavy at {v}, so lift it in pairs
ask: How heavy is {e} | What does {e} weigh | How much does {e} weigh | What is the weight of {e}

# price: thing service event -> money
label: price | list price | cost | retail price | fee
say: {e} costs {v} | {e} is sold for {v} | We charge {v} for {e} | Customers pay {v} for {e} | {e} is available at {v} | {e} sells at {v}
say: The price of {e} is {v} | {e} goes for {v} | Expect to pay {v} for {e} | {e} retails at {v}
ask: How much does {e} cost | What is the price of {e} | How expensive is {e} | What do I have to pay for {e} | What does {e} cost
ask: How much is {e} | What do customers pay for {e}

# warranty: thing -> duration
label: warranty | guarantee | warranty period
say: {e} is covered by a warranty of {v} | We guarantee {e} for {v} | The guarantee on {e} runs for {v} | {e} carries a {v} guarantee
say: {e} comes with a warranty of {v} | Defects of {e} are repaired free of charge for {v}
ask: How long is the warranty on {e} | For how long is {e} under guarantee | What warranty does {e} have
ask: How long are repairs of {e} free | How long is {e} covered

# capacity: thing -> volume
label: capacity | tank | tank size | volume | boiler | container
say: {e} holds {v} | {e} holds {v} | {v} fit into {e} | The tank of {e} takes {v} | {e} has room for {v} | {e} can be filled with {v}
ask: How much does {e} hold | How much fits into {e} | How big is the tank of {e} | What is the capacity of {e}
ask: How much can I fill into {e}

# power: thing -> power
label: power | rated power | power draw | power consumption | input
say: {e} draws {v} | {e} runs on {v} | {e} needs {v} | {e} uses {v} at full load | {e} is rated at {v} | {e} has an output of {v}
ask: How much power does {e} need | What is the power draw of {e} | How powerful is {e} | How much electricity does {e} use
ask: What is {e} rated at

# top_speed: thing -> speed
label: top speed | speed | maximum speed | rotation speed
say: {e} reaches {v} | {e} runs at {v} | {e} turns at {v} | {e} is limited to {v} | {e} works at {v}
ask: How fast is {e} | How fast can {e} run | What speed does {e} reach | What is the top speed of {e}

# battery: thing -> duration
label: battery life | battery | running time | runtime
say: {e} runs for {v} on one charge | The battery of {e} lasts {v} | One charge keeps {e} going for {v} | {e} works {v} without a socket
ask: How long does the battery of {e} last | How long does {e} run on one charge | How long can I use {e} without charging
ask: What is the battery life of {e}

# charging: thing -> duration
label: charging time | charge time | time to full charge
say: {e} is fully charged after {v} | Charging {e} takes {v} | {e} needs {v} to charge | Plug {e} in for {v} until it is full
ask: How long does {e} take to charge | When is {e} fully charged | How long must {e} be plugged in | What is the charging time of {e}

# noise: thing -> noise
label: noise | noise level | sound level | loudness
say: {e} is as loud as {v} | {e} stays below {v} | {e} makes a noise of {v} | In use, {e} reaches {v}
ask: How loud is {e} | How noisy is {e} | How much noise does {e} make | What is the noise level of {e}

# made_of: thing -> material
label: material | housing | body | casing | frame | surface
say: {e} is made of {v} | {e} has a body of {v} | The housing of {e} is {v} | {e} is built from {v} | {e} comes in {v}
say: We build {e} out of {v}
ask: What is {e} made of | Which material is used for {e} | What is the housing of {e} made from | What is {e} built from

# colour: thing -> colour
label: colour | finish | colour scheme | available colour
say: {e} comes in {v} | {e} is painted {v} | {e} is only sold in {v} | You get {e} in {v} | The cover of {e} is {v}
ask: What colour is {e} | In which colour is {e} sold | What colour does {e} come in

# dimensions: thing -> size
label: dimensions | size | measurements | footprint
say: {e} measures {v} | {e} is {v} in size | {e} takes up {v} | With {v}, {e} fits on any counter
ask: How big is {e} | What are the dimensions of {e} | How large is {e} | How much room does {e} take

# pressure: thing -> pressure
label: pressure | operating pressure | pump pressure | working pressure
say: {e} works at {v} | {e} builds up {v} | {e} is set to {v} at the factory | The pump of {e} delivers {v}
ask: At what pressure does {e} work | How much pressure does {e} build up | What is the pressure of {e}

# max_temp: thing site -> temperature
label: temperature | operating temperature | maximum temperature | set temperature
say: {e} is kept at {v} | {e} must not get hotter than {v} | {e} works {v} | Keep {e} at {v} | {e} is set to {v} | Inside {e} it is {v}
ask: How hot may {e} get | What temperature is {e} kept at | At what temperature is {e} kept | How warm is {e}
ask: What is the temperature of {e}

# memory: thing service -> data
label: storage | memory | storage space | disk space
say: {e} comes with {v} of storage | {e} stores {v} | {e} offers {v} of space | With {e} you can save {v}
ask: How much storage does {e} have | How much data can {e} store | How much space does {e} offer | How much memory does {e} come with

# made_in: thing -> place
label: origin | made in | place of manufacture | production site
say: {e} is made in {v} | We produce {e} in {v} | {e} is manufactured in {v} | {e} comes from {v} | {e} is put together in {v}
say: {e} leaves our plant in {v}
ask: Where is {e} made | Where do we produce {e} | Where does {e} come from | Where is {e} assembled | Where is {e} manufactured

# maker: thing -> org
label: manufacturer | maker | brand | supplier
say: {e} is built by {v} | {v} makes {e} | {v} is the maker of {e} | {e} comes from {v} | We buy {e} from {v} | {v} supplies {e}
ask: Who makes {e} | Which company builds {e} | Who is the manufacturer of {e} | From whom do we buy {e} | Who supplies {e}

# launched: thing service release -> date
label: launch date | release date | launched | on sale since
say: {e} was launched on {v} | {e} has been on sale since {v} | {e} came out in {v} | {e} went live on {v} | We released {e} on {v}
say: {e} was introduced in {v}
ask: When was {e} launched | When did {e} come out | Since when is {e} available | When did {e} go on sale | When was {e} released

# support_end: thing service release -> date
label: end of support | supported until | support ends
say: Support for {e} ends on {v} | {e} is supported until {v} | {e} gets updates until {v} | After {v}, {e} gets no more updates
say: We stop servicing {e} on {v} | {e} will be retired on {v}
ask: When does support for {e} end | Until when is {e} supported | How long will {e} get updates | When will {e} be retired

# service_interval: thing site -> frequency
label: service interval | maintenance | servicing | cleaning interval | inspection interval
say: {e} is serviced {v} | {e} needs to be cleaned {v} | Service {e} {v} | {e} must be inspected {v} | A technician looks at {e} {v}
say: Maintenance of {e} takes place {v}
ask: How often is {e} serviced | How often must {e} be inspected | How often does {e} need to be cleaned | When does {e} need maintenance
ask: How frequently is {e} serviced

# filter_change: thing -> frequency
label: filter change | filter replacement | replace filter
say: The filter of {e} is changed {v} | Replace the filter of {e} {v} | {e} needs a new filter {v} | {e} gets a fresh filter {v}
ask: How often do I change the filter of {e} | How often does {e} need a new filter | When must the filter of {e} be replaced

# part_number: thing -> code
label: part number | article number | SKU | model code | order code | item number
say: {e} is listed as {v} | Order {e} under {v} | {e} has the article number {v} | {e} carries the code {v}
say: In the catalogue, {e} is found under {v}
ask: What is the part number of {e} | Under which number can I order {e} | What is the article number of {e} | Which code does {e} have

# pin: thing site service -> code
label: default PIN | PIN | access code | door code | entry code | password
say: The PIN of {e} is {v} | {e} is unlocked with {v} | Enter {v} to open {e} | Type {v} to unlock {e} | {e} opens with the code {v}
ask: What is the PIN of {e} | Which code opens {e} | How do I unlock {e} | What do I enter to open {e}

# firmware: thing service -> version
label: firmware | software version | current version | version
say: {e} runs version {v} | The current firmware of {e} is {v} | {e} ships with version {v} | {e} needs {v}
ask: Which version does {e} run | What firmware does {e} have | Which version is current for {e} | Which version does {e} need

# used_for: thing site -> purpose
label: use | purpose | intended use | application
say: {e} is used for {v} | {e} is meant for {v} | Use {e} only for {v} | {e} was designed for {v} | We keep {e} for {v}
ask: What is {e} used for | What is {e} for | What is the purpose of {e} | For what may {e} be used

# kept_in: thing paper -> room
label: location | where to find it | storage place | kept in
say: {e} is kept in {v} | You will find {e} in {v} | {e} is stored in {v} | {e} stands in {v} | Look for {e} in {v} | Put {e} back in {v}
ask: Where is {e} kept | Where do I find {e} | Where is {e} | Where is {e} stored | Where can I get {e}

# lead_time: thing -> duration
label: delivery time | lead time | dispatch | shipping time
say: {e} ships within {v} | {e} is delivered in {v} | Allow {v} for delivery of {e} | {e} arrives after {v}
say: {e} leaves our warehouse within {v} | Delivery of {e} takes {v}
ask: How long does delivery of {e} take | How fast is {e} shipped | How soon does {e} arrive | When will I get {e}
ask: How long do I wait for {e}

# spare_parts: thing -> duration
label: spare parts | availability of spare parts | parts available for
say: Spare parts for {e} are available for {v} | We stock parts of {e} for {v} | {e} can be repaired for {v} after it is discontinued
ask: How long are spare parts for {e} available | For how long do we stock parts of {e} | How long can {e} be repaired

# includes: thing service -> gear
label: scope of delivery | included | in the box | what is included
say: {e} comes with {v} | {v} are included with {e} | {e} includes {v} | In the box of {e} you find {v}
ask: What is included with {e} | What comes with {e} | What is in the box of {e} | What does {e} include

# cleaned_with: thing -> phrase
label: cleaning agent | cleaning | care
say: {e} is cleaned with {v} | Clean {e} only with {v} | Use {v} to clean {e} | Wipe {e} with {v}
ask: What is {e} cleaned with | How do I clean {e} | What should I use to clean {e}

# max_load: thing -> mass
label: maximum load | payload | load limit | load capacity
say: {e} carries {v} | Load {e} with {v} and no more | {e} can lift {v} | {e} takes {v} | {e} bears {v}
ask: How much can {e} carry | How much can {e} lift | What is the maximum load of {e} | How much weight can {e} take

# range: thing -> length
label: range | reach | working distance | cable length
say: {e} has a range of {v} | {e} reaches {v} | {e} works over a distance of {v} | {e} goes {v} before it needs a stop
ask: How far does {e} reach | What is the range of {e} | How far does {e} go | Over what distance does {e} work

## services, orders, customers

# trial: service -> duration
label: trial | trial period | free trial
say: {e} can be tried free of charge for {v} | {e} is free for the first {v} | You can test {e} for {v} | Try {e} for {v} without paying
ask: How long can I try {e} for free | How long is the free trial of {e} | For how long is {e} free

# cancel_notice: service -> duration
label: notice period | cancellation notice | cancellation
say: {e} can be cancelled with {v} notice | To leave {e}, give {v} notice | Cancel {e} {v} before it renews | {e} requires {v} of notice
ask: How much notice do I have to give to cancel {e} | What is the notice period of {e} | How far ahead must I cancel {e}
ask: How early must {e} be cancelled

# users_limit: service thing -> count
label: limit | maximum | included | quota | allowance
say: {e} is limited to {v} | {e} allows {v} | {e} includes {v} | {v} are possible with {e} | With {e} you get {v} | {e} supports {v}
say: {e} covers {v}
ask: How many does {e} allow | What is the limit of {e} | How many are included in {e} | What is the maximum for {e}
ask: How many does {e} support

# billing: service -> frequency
label: billing | billing cycle | invoicing | payment
say: {e} is billed {v} | We invoice {e} {v} | {e} is paid {v} | Payments for {e} are due {v}
ask: How often is {e} billed | When is {e} invoiced | How often do I pay for {e}

# uptime: service -> percent
label: uptime | availability | service level | guaranteed availability
say: {e} has an uptime of {v} | We promise {v} availability for {e} | {e} is available {v} of the time
ask: What uptime does {e} have | How available is {e} | What availability is promised for {e}

# discount: org service event topic -> percent
label: discount | rebate | reduction | price reduction
say: {e} gives {v} off | We get {v} off at {e} | There is a discount of {v} on {e} | {e} is reduced by {v} | {e} offers {v} discount
ask: What discount do we get on {e} | How much discount does {e} offer | By how much is {e} reduced | How much can I save with {e}

# reply_time: team org service -> duration
label: response time | reply time | first response | reaction time
say: {e} answers within {v} | Expect a reply from {e} in {v} | {e} responds to requests within {v}
say: Requests to {e} are handled within {v} | {e} gets back to you in {v} | {e} calls back within {v}
ask: How fast does {e} answer | How soon does {e} get back to me | How quickly does {e} respond | How long until {e} replies
ask: When can I expect an answer from {e}

## policies

# deadline: topic paper -> duration
label: deadline | time limit | submission deadline | period
say: For {e}, there is a time limit of {v} | Requests about {e} must be handed in within {v}
say: Anything about {e} has to be submitted within {v} | {e} must be reported within {v} | You have {v} to submit {e}
say: {e} must be filed no later than {v} after the event
ask: What is the deadline for {e} | Within what time must {e} be submitted | How long do I have for {e} | How soon must {e} be reported
ask: How quickly do I have to report {e}

# advance_notice: topic event -> duration
label: notice | advance notice | booking period | lead time
say: {e} must be announced {v} in advance | {e} must be booked {v} ahead | Please ask for {e} {v} beforehand | {e} needs {v} of notice
say: Apply for {e} {v} before the first day
ask: How far in advance must {e} be booked | How early do I have to apply for {e} | How much notice is needed for {e}
ask: How long beforehand must {e} be announced

# approver: topic paper project -> role
label: approval | approved by | signed off by | approver | who approves
say: {e} must be approved by {v} | {v} approves {e} | {v} signs off {e} | {v} decides on {e} | {e} needs the signature of {v}
say: For {e}, ask {v} for permission | Only {v} may authorise {e}
ask: Who approves {e} | Who has to sign {e} | Who decides on {e} | Whose permission do I need for {e} | Who can authorise {e}
ask: Who signs off {e}

# owner_person: topic paper project team event site -> person
label: owner | contact | contact person | responsible | person in charge | lead | coordinator
say: {v} is responsible for {e} | {v} looks after {e} | {v} takes care of {e} | Questions about {e} go to {v} | {v} is in charge of {e}
say: {e} is led by {v} | {v} runs {e} | Ask {v} about {e} | {e} is in the hands of {v} | {v} coordinates {e}
say: {v} took over {e} last spring | For anything to do with {e}, talk to {v}
ask: Who is responsible for {e} | Who looks after {e} | Who is in charge of {e} | Whom do I ask about {e} | Who runs {e} | Who leads {e}
ask: Who takes care of {e} | Who should I contact about {e} | Who is the contact for {e} | Who manages {e}

# responsible_team: topic paper fault thing -> role
label: responsibility | responsible | handled by | in charge
say: {e} is handled by {v} | {v} handles {e} | {v} deals with {e} | {v} keeps track of {e} | {e} falls to {v}
say: {v} is the first contact for {e}
ask: Who handles {e} | Who deals with {e} | Who keeps track of {e} | Who is in charge of {e}

# limit_money: topic -> money
label: limit | maximum amount | allowance | cap | budget | spending limit
say: For {e}, {v} is paid | {e} is capped at {v} | The company pays {v} for {e} | We refund {v} for {e} | {v} may be spent on {e}
say: Anything above {v} for {e} needs approval
ask: How much is paid for {e} | What is the limit for {e} | How much can I spend on {e} | Up to what amount is {e} paid
ask: What is the most I can claim for {e} | How much does the company pay for {e}

# fine: topic -> money
label: fine | penalty | fee | late fee | charge
say: {e} costs a fee of {v} | For {e} we charge {v} | A fee of {v} applies to {e} | {e} is fined with {v}
say: Whoever ignores the rule on {e} pays {v}
ask: What is the fee for {e} | How much is the fine for {e} | What do I pay for {e} | How much is charged for {e}

# entitlement: topic team -> days
label: entitlement | days | allowance | amount
say: For {e}, staff get {v} | {e} is granted for {v} | Employees are entitled to {v} of {e} | {e} is limited to {v}
say: Everyone may take {v} of {e} | You can have {v} of {e}
ask: How many days of {e} do I get | How much {e} are employees entitled to | How long is {e} granted | How many days are allowed for {e}
ask: How much {e} can I take

# retention: topic paper -> duration
label: retention | retention period | kept for | storage period | archiving
say: {e} is kept for {v} | Records about {e} are deleted after {v} | We store everything about {e} for {v}
say: Files on {e} stay in the archive for {v} | Data on {e} is erased after {v}
ask: How long is {e} kept | After what time are records about {e} deleted | For how long do we store {e} | When is data on {e} erased

# request_via: topic paper -> channel
label: channel | how to apply | request via | submit to | where to report
say: {e} is requested through {v} | Use {v} for {e} | Send everything about {e} to {v} | Report {e} via {v} | {e} is entered in {v}
say: Apply for {e} in {v} | {e} must be logged in {v}
ask: Where do I request {e} | How do I apply for {e} | Where is {e} entered | Where do I report {e} | What do I use for {e}
ask: Where must {e} be logged

# applies_to: topic service -> group
label: target group | applies to | who can use it | eligible | for whom | available to
say: {e} is open to {v} | {e} is available to {v} | The rule on {e} applies to {v} | Only {v} can ask for {e} | {v} may use {e}
say: {e} is reserved for {v}
ask: Who can ask for {e} | Who is {e} open to | To whom does the rule on {e} apply | Who may use {e} | Who is eligible for {e}

# review_cycle: topic paper team -> frequency
label: review | review cycle | reviewed | checked | frequency
say: {e} is reviewed {v} | The rules for {e} are checked {v} | We look at {e} again {v} | {e} is discussed {v} | {e} takes place {v}
say: {e} happens {v}
ask: How often is {e} reviewed | How often does {e} take place | How often do we check {e} | How frequently does {e} happen

# required_items: topic event site paper -> gear
label: equipment | what to bring | required | equipment | documents needed | bring
say: For {e}, bring {v} | {v} must be worn for {e} | {e} requires {v} | Please have {v} ready for {e} | Nobody gets into {e} without {v}
say: You need {v} for {e} | Without {v}, {e} is not possible
ask: What do I need for {e} | What must I bring for {e} | What is required for {e} | What should I take along to {e}
ask: What has to be worn for {e}

# valid_from: topic paper service -> date
label: effective date | valid from | in force since | starts on
say: The rules on {e} apply from {v} | {e} starts on {v} | {e} is valid from {v} | {e} takes effect on {v}
say: From {v}, {e} is handled in a new way | {e} changes on {v}
ask: From when do the rules on {e} apply | When does {e} take effect | When does {e} start | Since when is {e} valid
ask: When does {e} change

# expires: paper service topic -> duration
label: validity | valid for | expires after
say: {e} is valid for {v} | {e} expires after {v} | {e} must be renewed after {v} | {e} remains valid for {v}
ask: How long is {e} valid | When does {e} expire | After what time must {e} be renewed

# processing: topic paper -> duration
label: processing time | turnaround | handled within
say: {e} takes {v} to process | {e} is handled within {v} | Processing {e} takes {v} | We deal with {e} within {v}
say: {e} is decided after {v} | Allow {v} for {e}
ask: How long does {e} take | How long does it take to process {e} | How fast is {e} handled | When is {e} decided

# share_paid: topic -> percent
label: share | rate | coverage | share paid | surcharge
say: We cover {v} of {e} | {e} is paid at {v} | For {e} there is a surcharge of {v} | {v} of the cost of {e} is refunded
say: The bonus for {e} is {v}
ask: What share of {e} is covered | How much of {e} is refunded | What is the surcharge for {e} | What percentage is paid for {e}

## teams, people, sites, events

# team_size: team org project -> people
label: size | headcount | members | staff
say: {e} has {v} | {v} work in {e} | {e} employs {v} | There are {v} in {e} | {e} consists of {v} | {e} has grown to {v}
ask: How many people work in {e} | How large is {e} | How many members does {e} have | How big is {e} | How many people are in {e}

# team_place: team event -> room
label: room | location | where | venue | meeting point
say: {e} sits in {v} | {e} is in {v} | You can find {e} in {v} | {e} meets in {v} | {e} takes place in {v} | {e} has moved to {v}
ask: Where does {e} sit | Where is {e} | Where can I find {e} | Where does {e} meet | Where does {e} take place

# city: org person team site -> place
label: city | office | based in | town | address
say: {e} is based in {v} | {e} is located in {v} | {e} works from {v} | {e} has an office in {v} | {e} can be found in {v}
say: {e} is at home in {v}
ask: Where is {e} based | Where is {e} located | Where does {e} work | In which town is {e}

# email: team org person -> email
label: email | e-mail | mail | contact | address
say: {e} can be reached at {v} | Write to {v} to reach {e} | Contact {e} at {v} | Send mail for {e} to {v} | {e} reads {v}
ask: How can I reach {e} | What is the email address of {e} | Where do I write to reach {e} | How do I contact {e}

# phone: team person site -> phone
label: phone | telephone | extension | hotline | number
say: {e} can be called on {v} | Call {v} for {e} | The number of {e} is {v} | {e} picks up at {v} | Dial {v} to speak to {e}
ask: What is the phone number of {e} | How do I call {e} | Which number do I dial for {e} | On which number can {e} be called

# job: person -> role
label: role | position | job title | function
say: {e} works as {v} | {e} is {v} | {e} joined us as {v} | {e} was appointed {v} | {e} took the post of {v}
ask: What does {e} work as | What is the role of {e} | What position does {e} hold | What is the job of {e}

# joined: person org -> date
label: start date | joined | with us since | member since
say: {e} joined on {v} | {e} has been with us since {v} | {e} started on {v} | {e} signed the contract on {v}
ask: When did {e} join | Since when has {e} been with us | When did {e} start

# signs_up_to: person -> money
label: signing limit | approval limit | authority
say: {e} may approve {v} | {e} can sign orders {v} | {e} has authority for amounts {v} | Purchases {v} can be signed by {e}
ask: How much may {e} approve | Up to what amount can {e} sign | What amount can {e} approve

# deputy: person -> person
label: deputy | stand-in | replacement | backup
say: {v} stands in for {e} | {v} is the deputy of {e} | When {e} is away, {v} takes over | {e} is replaced by {v} during holidays
ask: Who stands in for {e} | Who is the deputy of {e} | Who takes over when {e} is away | Who replaces {e}

# manager_of: person team -> person
label: manager | reports to | supervisor | line manager
say: {e} reports to {v} | {v} supervises {e} | {v} is the manager of {e} | The boss of {e} is {v}
ask: To whom does {e} report | Who supervises {e} | Who is the boss of {e} | Who is the manager of {e}

# languages: person -> phrase
label: speciality | field | subject | main task
say: {e} is an expert in {v} | {e} specialises in {v} | {e} mostly works on {v} | {e} teaches {v}
ask: What is {e} an expert in | What does {e} specialise in | What does {e} mostly work on

# opening_hours: site team -> hours
label: opening hours | hours | open | office hours
say: {e} is open from {v} | {e} is open {v} | You can visit {e} from {v} | {e} is staffed from {v} | The doors of {e} are open {v}
ask: When is {e} open | What are the opening hours of {e} | At what times can I visit {e} | What hours does {e} keep

# closes: site event -> clock
label: closing time | closes | last entry | end
say: {e} closes at {v} | {e} ends at {v} | {e} shuts at {v} | The last visitors leave {e} at {v} | {e} is over at {v}
ask: When does {e} close | At what time does {e} end | Until when is {e} open | What time does {e} shut

# starts_at: event site -> clock
label: start | starts | opens | begin | opening time
say: {e} starts at {v} | {e} begins at {v} | {e} opens at {v} | Be at {e} by {v} | {e} kicks off at {v}
ask: When does {e} start | At what time does {e} begin | What time does {e} open | By when should I be at {e}

# closed_on: site team -> weekday
label: closing day | closed | closed on | day off
say: {e} is closed on {v} | On {v}, {e} stays shut | {e} does not open on {v} | Nobody is at {e} on {v}
ask: On which day is {e} closed | When is {e} not open | When does {e} stay shut

# event_date: event project -> date
label: date | when | takes place on | scheduled for
say: {e} takes place on {v} | {e} is on {v} | {e} is planned for {v} | {e} has been moved to {v} | Mark {v} for {e} | We hold {e} on {v}
ask: When does {e} take place | On what date is {e} | When is {e} | What day is {e} | To which date was {e} moved

# event_weekday: event topic team -> weekday
label: day | weekday | scheduled day
say: {e} is held on {v} | {e} takes place on {v} | {e} is always on {v} | We do {e} on {v}
ask: On which day is {e} | When is {e} held | What day does {e} take place | Which day is for {e}

# event_length: event project -> duration
label: duration | length | lasts | running time
say: {e} lasts {v} | {e} takes {v} | Plan {v} for {e} | {e} goes on for {v} | {e} is over after {v}
ask: How long does {e} last | How long does {e} take | How much time should I plan for {e} | How long is {e}

# seats: event site -> people
label: capacity | places | seats | maximum number
say: {e} has room for {v} | {e} is limited to {v} | {v} can join {e} | {v} fit into {e} | {e} takes {v}
ask: How many people can join {e} | How many people fit into {e} | What is the capacity of {e} | How many people can {e} take

# register_by: event -> date
label: registration deadline | register by | sign-up closes
say: Sign up for {e} by {v} | Registration for {e} closes on {v} | Please register for {e} until {v}
say: Names for {e} are accepted until {v}
ask: By when must I register for {e} | When does registration for {e} close | Until when can I sign up for {e}

# area: site -> area
label: floor space | area | size | surface
say: {e} covers {v} | {e} has a floor space of {v} | {e} is {v} large | {e} spreads over {v}
ask: How large is {e} | How much floor space does {e} have | What area does {e} cover

# founded: org site -> year
label: year of foundation | founded | established | since
say: {e} was founded in {v} | {e} has existed since {v} | {e} opened its doors in {v} | {e} goes back to {v}
say: Founded in {v}, {e} is among the oldest in town | {e} was set up in {v}
ask: When was {e} founded | Since when does {e} exist | In which year was {e} set up | How long has {e} existed

# founder: org project -> person
label: founder | founded by | started by
say: {e} was founded by {v} | {v} founded {e} | {v} set up {e} | {e} goes back to an idea of {v} | {e} was started by {v}
ask: Who founded {e} | Who set up {e} | Who started {e} | Whose idea was {e}

# supplier: site event team -> org
label: supplier | provider | contractor | caterer | partner
say: {v} supplies {e} | {e} is supplied by {v} | {e} works with {v} | {e} is run together with {v} | {v} delivers to {e}
ask: Who supplies {e} | Which company does {e} work with | Who delivers to {e} | Which company supplies {e}

# budget: project event team -> money
label: budget | funding | cost | total budget
say: {e} has a budget of {v} | {v} has been set aside for {e} | {e} costs {v} in total | {e} may spend {v} | {e} is funded with {v}
ask: What is the budget of {e} | How much money is there for {e} | How much has been set aside for {e} | How much may {e} spend

# goal: project team event -> phrase
label: goal | aim | focus | topic | main task
say: {e} is {v} | The aim of {e} is {v} | {e} focuses on {v} | {e} deals with {v} | The main task of {e} is {v} | The topic of {e} is {v}
ask: What is {e} about | What is the aim of {e} | What does {e} focus on | What does {e} deal with

# project_end: project -> date
label: end date | completion | deadline | finish
say: {e} is to be finished by {v} | {e} ends on {v} | {e} must be completed by {v} | We expect to complete {e} in {v}
ask: When will {e} be finished | When does {e} end | By when must {e} be completed

# client: project -> org
label: client | customer | partner | sponsor
say: {e} is done for {v} | {v} ordered {e} | {v} pays for {e} | The client of {e} is {v} | {e} is sponsored by {v}
ask: Who is the client of {e} | For whom is {e} done | Who pays for {e} | Who ordered {e}

## faults and procedures

# fault_meaning: fault -> cause
label: meaning | cause | description
say: {e} means {v} | {e} stands for {v} | {e} points to {v} | {e} indicates {v} | The cause of {e} is {v} | {e} is triggered by {v}
say: {e} is a sign of {v} | {e} comes up with {v}
ask: What does {e} mean | What is the cause of {e} | What does {e} stand for | Why do I see {e} | What does {e} indicate
ask: What triggers {e}

# fault_fix: fault -> action
label: remedy | what to do | fix | solution | action
say: If {e} appears, {v} | To clear {e}, {v} | When {e} is shown, {v} | In case of {e}, please {v} | {e}: {v} | After {e}, {v}
say: {e} goes away when you {v} | To get rid of {e}, {v}
ask: What should I do when {e} appears | How do I fix {e} | How can I clear {e} | What helps against {e} | How do I get rid of {e}
ask: The display shows {e}, what now

# symptom_fix: symptom -> action
label: remedy | what to do | solution | action
say: If {e}, {v} | When {e}, {v} | Should it happen that {e}, {v} | {v} if {e} | In case {e}, {v} | Whenever {e}, please {v}
say: {v} as soon as {e}
ask: What should I do if {e} | What do I do when {e} | What if {e} | What helps when {e} | How do I react if {e}
ask: What has to be done when {e}

# symptom_cause: symptom -> cause
label: likely cause | cause | reason
say: If {e}, the reason is mostly {v} | When {e}, it is usually because of {v} | Often {e} because of {v} | If {e}, suspect {v}
ask: Why could it be that {e} | What is the reason if {e} | What is the usual cause when {e} | What does it mean if {e}

# symptom_call: symptom -> role
label: contact | call | inform
say: If {e}, call {v} | When {e}, inform {v} | If {e}, {v} must be told at once | Tell {v} when {e} | {v} is to be informed if {e}
ask: Who must be informed if {e} | Whom do I call when {e} | Who should be told if {e} | Who do I contact when {e}

# thing_first_step: thing site -> action
label: first step | before use | start-up | preparation
say: Before you use {e}, {v} | To start {e}, {v} | First of all, {v} before switching on {e} | To get {e} ready, {v}
say: {e} starts once you {v}
ask: What must I do before using {e} | How do I start {e} | How do I get {e} ready | What is the first step with {e}

# reset: thing service -> action
label: reset | factory reset | how to reset
say: To reset {e}, {v} | {e} is reset like this: {v} | If you want to reset {e}, {v} | {v} to reset {e} | You can reset {e} if you {v}
ask: How do I reset {e} | How can {e} be reset | What resets {e}

# shutdown: thing site -> action
label: shutdown | switching off | at the end of the day | closing
say: To switch off {e}, {v} | At the end of the day, {v} at {e} | Before leaving {e}, {v} | To shut down {e} safely, {v}
ask: How do I switch off {e} | What must be done at {e} in the evening | How do I shut down {e} | What do I do before leaving {e}

# topic_step: topic paper -> action
label: first step | procedure | what to do | how to
say: For {e}, {v} | In matters of {e}, {v} | When it comes to {e}, please {v} | {e}: please {v} | To deal with {e}, {v}
ask: What do I have to do for {e} | What is the procedure for {e} | What is the first step for {e} | How do I deal with {e}

# forbidden: site thing -> phrase
label: prohibited item | not allowed | forbidden
say: {v} is not allowed in {e} | Never bring {v} near {e} | Keep {v} away from {e} | {v} is banned from {e}
ask: What is not allowed in {e} | What must be kept away from {e} | What is banned from {e}

# release_new: release -> phrase
label: new feature | new | what is new | added | changes
say: {e} adds {v} | {e} introduces {v} | {e} brings {v} | New in {e}: {v} | With {e} we shipped {v} | {e} comes with {v}
ask: What is new in {e} | What does {e} add | What did {e} bring | Which feature came with {e}

# release_fix: release -> symptom
label: bug fix | fixed | solved
say: {e} fixes a bug where {v} | {e} solves the problem that {v} | In {e} it no longer happens that {v}
ask: Which bug was fixed in {e} | What problem does {e} solve | What no longer happens in {e}

# port: service thing -> code
label: port | address | socket | channel | number
say: {e} listens on {v} | {e} uses {v} | {e} is connected to {v} | Connect {e} through {v}
ask: Which port does {e} use | What does {e} listen on | To what is {e} connected

# dose: thing topic -> ratio
label: mixing ratio | ratio | dose | dilution
say: Mix {e} at {v} | {e} is mixed {v} | {e} uses a ratio of {v} | The right dose for {e} is {v}
ask: What is the mixing ratio for {e} | How is {e} mixed | In what ratio do I mix {e} | What dose is right for {e}

# waiting: thing topic site -> duration
label: waiting time | cool-down | rest period | drying time | soaking time
say: Let {e} rest for {v} | Wait {v} before using {e} again | {e} needs {v} to cool down | {e} must stand for {v}
say: Leave {e} alone for {v}
ask: How long must {e} rest | How long do I wait before using {e} again | How long does {e} need to cool down | How long should {e} stand

# training_needed: thing site topic -> phrase
label: training | certificate | qualification | permit
say: Working with {e} requires {v} | You need {v} to use {e} | Only people with {v} may use {e} | {e} may only be used after {v}
ask: What do I need to be allowed to use {e} | Which qualification is required for {e} | What is needed before using {e}

# who_may_use: thing site -> group
label: authorised users | users | who may use it | access | authorised users
say: {e} may only be used by {v} | Access to {e} is limited to {v} | {v} may enter {e} | Only {v} are allowed to operate {e}
ask: Who may use {e} | Who has access to {e} | Who is allowed to operate {e} | Who may enter {e}

# form_number: topic event -> code
label: form | form number | reference | cost centre | booking code
say: Use form {v} for {e} | {e} is booked on {v} | Quote {v} for {e} | {e} has the reference {v}
ask: Which form do I use for {e} | What is the reference for {e} | Which number do I quote for {e} | On what is {e} booked

# transport: site event -> phrase
label: access | getting there | how to get there | transport
say: {e} is reached by {v} | Take {v} to get to {e} | The best way to {e} is {v}
ask: How do I get to {e} | What is the best way to {e} | How is {e} reached

# entry_fee: site event -> money
label: entry | admission | ticket | entrance fee
say: Admission to {e} is {v} | A ticket for {e} costs {v} | Visitors of {e} pay {v} | {e} charges {v} at the door
ask: How much is admission to {e} | What does a ticket for {e} cost | What do visitors of {e} pay | How much is it to get into {e}

# minimum_age: event site service -> year_age
label: minimum age | age limit | from age
say: {e} is open to people from {v} | You must be {v} to take part in {e} | Nobody under {v} is let into {e}
ask: How old must I be for {e} | What is the minimum age for {e} | From what age can I join {e}

# minimum_order: org service -> money
label: minimum order | minimum purchase | smallest order
say: {e} delivers from {v} | The smallest order at {e} is {v} | Orders at {e} must reach {v} | {e} ships free of charge above {v}
ask: What is the minimum order at {e} | How much must I order at {e} | From what amount does {e} deliver

# payment_terms: org -> duration
label: payment terms | payment | payable within
say: Invoices of {e} are payable within {v} | {e} gives us {v} to pay | We pay {e} after {v} | {e} expects its money within {v}
ask: When are invoices of {e} payable | How long do we have to pay {e} | After what time do we pay {e}

# supplies_what: org -> material
label: product | supplies | delivers | goods
say: {e} supplies {v} | We buy {v} from {e} | {e} delivers {v} to us | {v} comes from {e}
ask: What does {e} supply | What do we buy from {e} | What does {e} deliver

# contract_until: org service person -> date
label: contract end | contract until | contract ends | expiry
say: The contract with {e} runs until {v} | {e} is under contract until {v} | Our agreement with {e} ends on {v}
ask: Until when does the contract with {e} run | When does the agreement with {e} end | How long is {e} under contract

## more of everyday life

# heat_up: thing -> duration
label: heat-up time | warm-up time | ready in | start-up time
say: {e} is ready after {v} | {e} needs {v} to warm up | Give {e} {v} before the first use
say: After switching on, {e} takes {v} until it is hot | {e} starts in {v}
ask: How long does {e} take to warm up | When is {e} ready for use | How long must I wait after switching on {e} | How quickly is {e} ready

# standby_power: thing -> power
label: standby power | standby | idle consumption | power when idle
say: {e} uses {v} when idle | When nobody uses it, {e} still draws {v} | On standby, {e} takes {v} | Asleep, {e} consumes {v}
ask: What does {e} draw when it is just waiting | How much does {e} use on standby | What is the idle consumption of {e}

# auto_off: thing service -> duration
label: automatic switch-off | auto-off | sleep timer | logout after
say: {e} switches itself off after {v} | After {v} without use, {e} goes to sleep | {e} turns off on its own after {v}
say: {e} logs you out after {v}
ask: When does {e} switch itself off | After how long does {e} go to sleep | How long until {e} turns off on its own

# descaling: thing -> frequency
label: descaling | descaling interval | decalcification
say: {e} is descaled {v} | Descale {e} {v} | {e} asks for descaling {v} | Lime is removed from {e} {v}
ask: How often must {e} be descaled | When does {e} ask for descaling | How often do I remove lime from {e}

# torque: thing -> pressure
label: tightening torque | torque | screw torque
say: Tighten the screws of {e} to {v} | The bolts of {e} take {v} | {e} is bolted down with {v} | Do not tighten {e} beyond {v}
ask: To what torque is {e} tightened | How tight are the screws of {e} | What torque do the bolts of {e} take

# connection: thing site -> phrase
label: connection | water connection | connector | interface
say: {e} is connected by {v} | {e} has a connection for {v} | {e} plugs into {v} | {e} goes onto {v}
ask: How is {e} connected | What connection does {e} have | What does {e} plug into

# fuse: thing site -> power
label: fuse | fuse rating | mains fuse | socket
say: {e} needs a fuse of {v} | {e} is protected by {v} | The socket of {e} must carry {v} | Put {e} on a circuit of {v}
ask: What fuse does {e} need | Which fuse protects {e} | What must the socket of {e} carry

# per_day: thing team site -> count
label: daily output | per day | daily volume | throughput
say: {e} manages {v} a day | {e} is made for {v} per day | On a normal day, {e} handles {v} | {e} gets through {v} daily
say: In one shift, {e} turns out {v}
ask: How many does {e} manage a day | How much does {e} handle per day | What is {e} made for each day | What is the daily output of {e}

# lifetime: thing -> count
label: service life | lifetime | lasts for | wear limit
say: {e} lasts for {v} | {e} wears out after {v} | After {v}, {e} has to be replaced | {e} is good for {v} | Replace {e} after {v}
ask: How long does {e} last | After how much use is {e} replaced | When does {e} wear out | What is the service life of {e}

# goes_with: thing -> phrase
label: compatible with | fits | works with | suitable for
say: {e} fits {v} | {e} works with {v} | {e} goes with {v} only | {e} is compatible with {v} | Use {e} together with {v}
ask: What does {e} fit | What does {e} work with | What is {e} compatible with | With what can {e} be used

# not_compatible: thing service -> phrase
label: incompatible item | not compatible with | does not fit | not suitable for
say: {e} does not work with {v} | {e} is not made for {v} | Never use {e} with {v} | {e} cannot handle {v}
say: {e} must not be combined with {v}
ask: What does {e} not work with | What must {e} not be used with | What can {e} not handle | What is {e} not suitable for

# replacement_price: thing paper -> money
label: replacement | replacement cost | price of a new one | spare part price
say: A new one for {e} costs {v} | Replacing {e} costs {v} | If {e} is lost, a new one is {v} | We bill {v} for a replacement of {e}
ask: What does a replacement for {e} cost | How much is it to replace {e} | What do I pay if {e} is lost
ask: What will a new one of {e} cost me

# installation_fee: thing service -> money
label: installation | installation fee | set-up fee | connection fee
say: Installation of {e} costs {v} | We set up {e} for {v} | A technician installs {e} for {v} | Setting up {e} is charged at {v}
ask: How much does installation of {e} cost | What do we pay to have {e} set up | What is the set-up fee for {e}

# shipping_cost: thing org -> money
label: shipping | delivery charge | postage | shipping cost
say: Shipping {e} costs {v} | Sending {e} is charged at {v} | Delivery of {e} costs {v} | Postage for {e} is {v}
ask: What does shipping of {e} cost | How much is delivery of {e} | How much is postage for {e}

# trade_in: thing -> money
label: trade-in value | trade-in | resale value | buy-back
say: We take {e} back for {v} | For your old {e} you get {v} | The trade-in value of {e} is {v} | {e} is still worth {v}
ask: What do I get for {e} when it is old | How much is {e} worth as a trade-in | For how much is {e} taken back

# rent: thing site -> money
label: rent | rental fee | hire charge | loan fee
say: {e} can be hired for {v} | Renting {e} costs {v} | {e} is let for {v} | We lend {e} for {v}
ask: How much does it cost to hire {e} | What is the rent for {e} | For how much is {e} let

# sold_in: thing service -> group
label: customers | target customers | sold to | made for
say: {e} is sold to {v} | {e} is aimed at {v} | We made {e} for {v} | {e} is meant for {v}
ask: Who is {e} made for | To whom is {e} sold | Who is {e} aimed at

# stock: thing -> count
label: stock | in stock | units available | pieces left
say: There are {v} of {e} left | We have {v} of {e} in stock | {v} of {e} are on the shelf | The warehouse holds {v} of {e}
ask: How many of {e} are in stock | How many of {e} are left | How many of {e} does the warehouse hold

# predecessor: thing service release -> phrase
label: predecessor | replaces | successor of
say: {e} replaces {v} | {e} follows {v} | Before {e} there was {v} | {e} is the successor of {v}
ask: What does {e} replace | What was there before {e} | What is the predecessor of {e}

# designer: thing paper project -> person
label: designer | designed by | author | drawn by
say: {e} was designed by {v} | {v} designed {e} | {e} goes back to a drawing by {v} | {v} thought up {e} | {e} comes from the pen of {v}
ask: Who designed {e} | Who thought up {e} | Whose design is {e} | Who is the author of {e}

# serial_place: thing -> room
label: serial number | where the number is | type plate
say: The serial number of {e} is found at {v} | You can read the number of {e} at {v} | The type plate of {e} sits at {v}
say: Look at {v} for the number of {e}
ask: Where is the serial number of {e} | Where do I find the number of {e} | Where is the type plate of {e}

# light_code: thing -> symptom
label: red light | warning light | blinking light
say: A red light on {e} means that {v} | {e} blinks when {v} | {e} beeps if {v} | The lamp of {e} lights up when {v}
ask: What does the red light on {e} mean | When does {e} blink | Why does {e} beep | When does the lamp of {e} light up

# fault_next: fault symptom -> role
label: escalation | if it stays | if that does not help
say: If nothing helps against {e}, turn to {v} | Should {e} return, {v} takes over | {v} is called when {e} comes back
ask: Who takes over when {e} comes back | Whom do I turn to if nothing helps against {e} | Who is called when {e} returns

# fault_count: fault thing -> count
label: attempts | repeats | tries
say: {e} may be reset {v} | Try {v} before calling about {e} | After {v}, {e} locks
ask: After how many does {e} lock | How many tries are there with {e} | How often may {e} be reset

# fault_pause: fault symptom -> duration
label: wait | waiting time | pause
say: With {e}, wait {v} and start again | After {e}, leave it off for {v} | {e} goes away after {v} | {e} clears itself within {v}
ask: How long do I wait with {e} | How long should it stay off after {e} | When does {e} go away

# error_seen: fault -> phrase
label: place of display | shown on | appears on | where it appears
say: {e} appears on {v} | {e} is shown at {v} | You see {e} on {v} | {e} is written to {v}
ask: Where does {e} appear | Where do I see {e} | On what is {e} shown

# carry_over: topic -> days
label: carry-over | transfer to next year | days you may keep
say: Of {e}, {v} can be carried over | {v} of {e} move to the next year | You may keep {v} of {e} for later
ask: How much of {e} can be carried over | How much {e} moves to the next year | How much of {e} may I keep

# use_by: topic paper -> date
label: last day | use by | cut-off date | must be used by
say: {e} must be used by {v} | After {v}, {e} is lost | The last day for {e} is {v} | {e} lapses on {v}
ask: By when must {e} be used | When is {e} lost | What is the last day for {e} | What is the final date for {e}

# start_after: topic service -> duration
label: qualifying period | starts after | first possible after
say: {e} is possible after {v} with us | You can have {e} once you have been here for {v} | {e} begins after {v}
say: New people wait {v} for {e}
ask: When is {e} possible for new people | After what time can I have {e} | How long do I have to work here before {e}

# bonus_pay: topic -> percent
label: extra pay | supplement | premium | allowance
say: {e} is paid with a premium of {v} | For {e} there is {v} on top | You get {v} extra for {e} | {e} earns a supplement of {v}
ask: What is the extra pay for {e} | How much is paid on top for {e} | What supplement does {e} earn

# contact_hours: team site org -> hours
label: reachable | contact hours | phone hours | staffed
say: {e} can be reached from {v} | {e} answers calls {v} | {e} is staffed {v} | Call {e} between {v}
ask: When can {e} be reached | At what times does {e} answer calls | When is {e} staffed

# last_order: org site -> clock
label: order deadline | last order | same-day cut-off | latest order
say: Orders to {e} before {v} leave the same day | {e} takes orders until {v} | The last order at {e} is at {v} | Order from {e} by {v}
ask: Until when can I order from {e} | What is the latest time to order at {e} | By when must orders reach {e}

# ships_from: thing org -> place
label: dispatch place | ships from | dispatch | warehouse | delivered from
say: {e} ships from {v} | {e} is sent from {v} | {e} leaves the warehouse in {v} | Parcels of {e} come from {v}
ask: From where is {e} shipped | Where is {e} sent from | Where do parcels of {e} come from

# languages_spoken: team site service -> phrase
label: languages | available in | spoken
say: {e} speaks {v} | {e} is offered in {v} | You can talk to {e} in {v} | {e} comes in {v}
ask: What languages does {e} speak | In which languages is {e} offered | In what can I talk to {e}

# report_to: topic event -> role
label: reporting contact | report to | reported to | whom to tell
say: {e} is reported to {v} | Tell {v} about {e} | {v} must hear about {e} | News of {e} goes to {v} | Let {v} know of {e}
ask: To whom is {e} reported | Who must be told about {e} | Who must hear about {e}

# exception: topic service -> group
label: exception | exempt | not for | excluded
say: {e} does not apply to {v} | {v} are exempt from {e} | Except for {v}, {e} is for everyone | {e} leaves out {v}
ask: Who is exempt from {e} | To whom does {e} not apply | Who is left out of {e}

# reason: topic project event -> cause
label: reason | background | why
say: The reason for {e} is {v} | {e} was introduced because of {v} | {e} goes back to {v} | {v} led to {e}
ask: Why was {e} introduced | What is the reason for {e} | What led to {e}

# signed: paper project org -> date
label: date of signature | signed on | agreed on
say: {e} was signed on {v} | The signature on {e} dates from {v} | {e} was agreed on {v} | We closed {e} on {v}
ask: When was {e} signed | On what date was {e} agreed | When did we close {e}

# sales: org site thing -> money
label: sales | revenue | turnover
say: {e} had sales of {v} | {e} took in {v} | {e} sold for {v} last year | The turnover of {e} was {v}
ask: How much did {e} sell | What were the sales of {e} | How much did {e} take in | What was the turnover of {e}

# target: team project service -> percent
label: target | goal | target value
say: The target of {e} is {v} | {e} aims for {v} | {e} should reach {v} | {e} wants {v} by the end of the year
ask: What is the target of {e} | What does {e} aim for | What should {e} reach

# achieved: team project service site -> percent
label: result | achieved | actual | share
say: {e} reached {v} | {e} came to {v} | Last quarter {e} stood at {v} | {e} closed the year at {v}
ask: What did {e} reach | How did {e} do last quarter | What was the result of {e}

# meeting_rhythm: team project -> frequency
label: meetings | meets | meeting rhythm
say: {e} meets {v} | {e} comes together {v} | {e} holds a meeting {v} | The round of {e} sits {v}
ask: How often does {e} meet | When does {e} come together | How often does {e} hold a meeting

# founded_place: org project -> place
label: place of foundation | founded in | first office
say: {e} started out in {v} | {e} began in {v} | The first office of {e} was in {v} | {e} grew up in {v}
ask: Where did {e} start | Where was the first office of {e} | Where did {e} begin

# former_job: person -> org
label: former employer | came from | previous company
say: {e} came to us from {v} | Before that, {e} worked for {v} | {e} used to be at {v} | {e} left {v} to join us
ask: Where did {e} work before | From which company did {e} come | Where was {e} before joining us

# hobby: person -> phrase
label: hobby | likes | free time
say: In the evenings, {e} is busy with {v} | {e} likes {v} | {e} spends the weekends with {v} | {e} is fond of {v}
ask: What does {e} like | What is the hobby of {e} | What does {e} do at weekends

# studied: person -> place
label: studied in | education | home town
say: {e} studied in {v} | {e} grew up in {v} | {e} was born in {v} | {e} comes from {v}
ask: Where did {e} study | Where was {e} born | Where does {e} come from

# away: person team -> date
label: date of return | back on | away until
say: {e} is away until {v} | {e} will be back on {v} | {e} returns on {v} | Nobody can reach {e} before {v}
ask: When will {e} be back | Until when is {e} away | When does {e} return

# teaches: event -> person
label: trainer | speaker | taught by | host
say: {v} teaches {e} | {e} is given by {v} | {v} speaks at {e} | {v} hosts {e} | The trainer of {e} is {v}
ask: Who teaches {e} | Who gives {e} | Who speaks at {e} | Who hosts {e} | Who is the trainer of {e}

# refund_until: event service -> duration
label: free cancellation | cancellation deadline | refund until
say: {e} can be cancelled free of charge until {v} before | You get your money back for {e} up to {v} ahead
say: Cancel {e} {v} in advance and pay nothing
ask: Until when can {e} be cancelled free of charge | How early must I cancel {e} to get my money back
ask: How long before can I call off {e} for free

# catering: event site -> phrase
label: food | catering | on the menu | lunch
say: {e} serves {v} | At {e} there is {v} to eat | Lunch at {e} is {v} | {v} is served at {e}
ask: What is there to eat at {e} | What does {e} serve | What is served at {e}

# parking: site event -> room
label: parking | where to park | car park
say: Visitors of {e} park at {v} | Park at {v} for {e} | Leave your car at {v} when you come to {e}
ask: Where do I park for {e} | Where can visitors of {e} park | Where do I leave the car at {e}

# emergency_exit: site -> room
label: emergency exit | assembly point | in case of fire
say: In a fire, leave {e} through {v} | The emergency exit of {e} is at {v} | Everyone from {e} gathers at {v} in an alarm
ask: Where is the emergency exit of {e} | Where do people from {e} gather in an alarm | How do I leave {e} in a fire

# key_keeper: site thing -> role
label: key | key holder | key with
say: The key of {e} is with {v} | {v} holds the key to {e} | Ask {v} for the key of {e} | {v} opens {e}
ask: Who has the key to {e} | Whom do I ask for the key of {e} | Who opens {e}

# speed_limit: site -> speed
label: speed limit | maximum speed
say: Vehicles in {e} may drive {v} | Nobody drives faster than {v} in {e} | The limit in {e} is {v}
ask: How fast may I drive in {e} | What is the speed limit in {e}

# wifi: site event -> code
label: Wi-Fi password | guest network | network code
say: The Wi-Fi password in {e} is {v} | Guests in {e} log on with {v} | Use {v} for the network of {e}
ask: What is the Wi-Fi password in {e} | How do guests in {e} log on | What do I enter for the network of {e}

# file_format: service paper release -> phrase
label: format | file format | exports to | output
say: {e} is saved as {v} | {e} exports to {v} | {e} is delivered as {v} | {e} writes {v}
ask: In what format is {e} saved | What does {e} export to | As what is {e} delivered

# backup_time: service site -> clock
label: backup | nightly run | maintenance window
say: The backup of {e} runs at {v} | {e} is backed up at {v} | Every night at {v}, {e} is copied | {e} restarts at {v}
ask: When does the backup of {e} run | At what time is {e} backed up | When does {e} restart

# password_length: service -> count
label: password length | length of the password | minimum length
say: Passwords for {e} have {v} | {e} asks for {v} in a password | A password in {e} must contain {v}
ask: How long must a password for {e} be | How many must a password in {e} contain | What length does {e} ask for

# known_bug: release service fault -> symptom
label: known issue | open bug | known problem
say: In {e}, it can happen that {v} | A known issue of {e} is that {v} | {e} still has a bug: {v} | Sometimes, with {e}, {v}
ask: What is the known issue of {e} | Which bug does {e} still have | What can happen with {e}

# workaround: release service fault -> action
label: workaround | temporary fix | until it is fixed
say: Until {e} is fixed, {v} | As a workaround for {e}, {v} | {v} as long as {e} is not solved | Users of {e} should {v} for now
ask: What is the workaround for {e} | What can I do until {e} is fixed | What should users of {e} do for now

# fixed_in: fault -> version
label: version with the fix | fixed in | solved in | fix planned for
say: {e} is fixed in {v} | Version {v} solves {e} | {e} will be gone with {v} | Update to {v} and {e} disappears
ask: In which version is {e} fixed | Which version solves {e} | When will {e} be gone

# min_system: service release -> version
label: minimum version | requires | oldest supported version
say: {e} needs {v} or newer | {e} does not start below {v} | {e} requires {v} | The oldest version that {e} accepts is {v}
ask: Which version does {e} need at least | What is the oldest version that {e} accepts | What does {e} require

# ingredients: topic -> phrase
label: list of ingredients | contains | ingredients | made with
say: {e} contain {v} | There is {v} in {e} | {e} are made with {v}
ask: What do {e} contain | What is in {e} | What are {e} made with

# storage_rule: topic -> temperature
label: storage temperature | store at | keep at
say: {e} are stored at {v} | Keep {e} at {v} | {e} must not get warmer than {v} | {e} stay fresh at {v}
ask: At what temperature are {e} stored | How cold must {e} be kept | How warm may {e} get

# max_stack: topic thing -> count
label: stacking limit | maximum stack | most at once
say: Stack {v} of {e} and no more | {v} of {e} fit in one load | Carry {v} of {e} at once
ask: How many of {e} may be stacked | How many of {e} fit in one load | How many of {e} can be carried at once

# sampled: topic team -> frequency
label: checks | spot checks | sampling
say: {e} are checked {v} | Somebody looks through {e} {v} | We take a sample of {e} {v} | An inspector sees {e} {v}
ask: How often are {e} checked | How often do we take a sample of {e} | When does an inspector see {e}
"""

# Attributes without wordings of their own, by kind of value: the general frames speak of them.
_ATTRIBUTES = """
duration: notice period | retention period | cooldown | response time | trial period | grace period | lease term | processing time
duration: shelf life | service interval | timeout | probation period | session length | return window | refund window | storage period
duration: turnaround | lifetime | repair time | lock period | rest break | loan period | waiting time | set-up time | contract term
duration: backup window
money: fee | deposit | budget | penalty | allowance | spending limit | monthly rate | shipping cost | rent | bonus | fine | approval limit
money: insurance cover | subsidy | daily rate | credit limit | cap | grant | revenue | membership fee | meal allowance | mileage rate
money: handling fee | hourly wage | gift limit
mass: net weight | payload | load limit | gross weight | fill weight
length: range | length | width | height | depth | diameter | cable length | clearance | safety distance | thickness
volume: tank size | capacity | boiler | water use | fill level
power: power | voltage | output | consumption | battery
temperature: operating temperature | storage temperature | water temperature | serving temperature | freezing point
data: bandwidth | memory | mailbox size | upload limit | file size limit
count: number of users | seat count | headcount | number of licences | quota | batch size | maximum attempts | order quantity | group size
count: page count | rate limit | stock level | fleet size | minimum order | loan limit | number of programmes
percent: discount | tax rate | yield | margin | error rate | interest rate | commission | humidity | uptime target | occupancy | growth
percent: recycling share | efficiency | surcharge | completion rate | reserve
person: owner | manager | contact person | lead | reviewer | author | director | supervisor | coordinator | designer | inspector
person: maintainer | sponsor | instructor | approver | chair | caretaker | trainer | inventor | account manager | treasurer
person: safety officer | editor | deputy
place: location | warehouse | origin | venue | region | headquarters | storage site | birthplace | drop-off point | data centre
place: archive location | test site | branch
room: meeting point | pickup point | key cabinet | room | first-aid box | parking area | assembly point | shelf | storage room
date: launch date | expiry date | deadline | audit date | founding date | due date | last review | start date | end of support
date: renewal date | inspection date | closing date | effective date | purchase date | last update | next meeting
clock: opening time | cutoff | closing time | collection time | departure time | shift start | order deadline | check-in time
clock: lunch break
weekday: delivery day | cleaning day | weekly meeting | pickup day | day off | maintenance slot
hours: office hours | visiting hours | quiet hours | core hours | night shift
code: part number | error code | SKU | serial number | port | article number | cost centre | reference | access code | build number
code: account number | ticket prefix | route | form | password
version: version | firmware | file format version | driver version
material: material | coating | cover | lining | surface | seal | insulation
colour: label colour | cable colour | badge colour | bin colour | cover colour
org: supplier | vendor | carrier | insurer | manufacturer | contractor | distributor | bank | auditor | operator | parent company
org: courier | publisher | landlord
email: email address | support address | mailbox
phone: hotline | emergency number | extension | phone number
frequency: inspection interval | backup frequency | meeting rhythm | cleaning schedule | review cycle | delivery rhythm
frequency: reporting interval
phrase: mode | status | protocol | default setting | topic | motto | category | priority | backup method | requirement | main feature
phrase: exception | theme | fallback | payment method | fuel | main ingredient
action: procedure | first step | reset method | emergency measure | last step
role: escalation contact | approval | second signature | deputy | first contact | key holder
gear: protective equipment | required documents | accessories | starter kit | packing list
group: target group | eligible staff | authorised users | audience
ratio: mixing ratio | gear ratio | dilution | dosage
pressure: tyre pressure | pump pressure | torque | line pressure
speed: top speed | spin speed | wind limit | flow rate
size: dimensions | paper size | screen size | carton size
channel: reporting channel | booking tool | request form | intake
people: crew | team size | maximum occupancy | minimum staffing
"""


@cache
def all_relations() -> tuple[Relation, ...]:
    """One relation for each kind of subject that a block names; those of a block share its family."""
    relations = []
    for block in f"{_RELATIONS}{RULES}".split("\n# ")[1:]:
        head, *lines = block.strip().splitlines()
        name, subjects, value = re.split(": | -> ", head)
        wordings = _wordings([line for line in lines if line and not line.startswith("#")])
        for subject in subjects.split():
            labels, says, asks = (wordings[key] for key in ("label", "say", "ask"))
            asks += paraphrases.of_relations().get(name, ())
            relations.append(Relation(name, subject, value, labels, says, asks, f"relation:{name}"))
    return tuple(relations)


@cache
def all_attributes() -> dict[str, tuple[str, ...]]:
    """Kind of value -> nouns."""
    return _wordings(_ATTRIBUTES.strip().splitlines())


def _wordings(lines: list[str]) -> dict[str, tuple[str, ...]]:
    """Lines `key: one | two`, a key possibly on several lines."""
    found: dict[str, tuple[str, ...]] = {}
    for line in lines:
        key, _, rest = line.partition(": ")
        found[key] = found.get(key, ()) + tuple(part.strip() for part in rest.split("|"))
    return found
