"""Which relations an everyday question cannot tell apart, so that no question has two answers and no answerable one counts as absent."""

from functools import cache

from tandem.synthetic.relations import Relation, all_relations

# Names of relations, nouns of attributes and facets of deeds between which an everyday question may waver.
_NEIGHBOURS = """
weight | net weight | gross weight | fill weight | max_load | payload | load limit | dimensions
price | fee | rent | tariff | entry_fee | membership fee | monthly rate | daily rate | extra_charge | surcharge | handling fee
price | budget | revenue | discount | credit limit | deposit | subsidy | grant
warranty | spare_parts | support_end | retention period | complaint_window | insured_with | insurance cover
capacity | tank size | boiler | fill level | water use | seats | users_limit | max_load | memory
power | consumption | voltage | output | battery | standby_power | fuse
top_speed | top speed | spin speed | speed_limit | flow rate
battery | lifetime | auto_off | timeout | charging
dimensions | width | height | depth | length | diameter | thickness | clearance | area | screen size | carton size | paper size
dimensions | capacity | room
max_temp | operating temperature | storage temperature | water temperature | serving temperature | storage_rule | heat_up
made_in | maker | manufacturer | origin | ships_from | city | location | headquarters | birthplace | founded_place | studied
made_in | kept_in | warehouse | storage site | venue | branch | region | data centre | test site | archive location | drop-off point
maker | supplier | vendor | distributor | supplies_what | parent company | operator | who_repairs | carrier | courier | contractor
made_of | material | coating | cover | lining | surface | seal | insulation | colour | cover colour | label colour | parts_of | build
launched | launch date | start date | valid_from | effective date | founding date | founded | event_date | joined | signed | founded_place
support_end | end of support | expiry date | expires | contract_until | closing date | project_end | deadline | due date | use_by
support_end | ask_by | deadline | latest | within | renewal date | audit date | last review | inspection date | last update | next meeting
service_interval | filter_change | interval | inspection interval | cleaning schedule | descaling | review_cycle | review cycle | sampled
service_interval | billing | meeting_rhythm | meeting rhythm | backup frequency | delivery rhythm | reporting interval | after_use | wear
part_number | part number | SKU | article number | serial number | reference | serial_place | part_code | fault_part
pin | access code | password | wifi | password_length
firmware | version | min_system | file format version | driver version | fixed_in
used_for | goal | topic | motto | theme | main feature | languages
kept_in | team_place | room | shelf | storage room | key cabinet | meeting point | pickup point | where | location | parking | parking area
kept_in | switch_place | spare_key | serial_place | first-aid box | assembly point | emergency_exit | venue
lead_time | waiting | waiting time | turnaround | processing | processing time | reply_time | response time | queue
lead_time | event_length | takes | repair time | set-up time | money_back | stays_open | deadline
includes | accessories | starter kit | covered | parts_of | goes_with | packing list | required_items | required documents | proof | papers
includes | supplies_what | requirement | colours | release_new | form_number | dress | protective equipment | tools | training_needed
cleaned_with | tools | not_with | never_clean | dose | opening_tool | forbidden
max_load | load limit | payload
range | safety distance | cable length | clearance | length
trial | trial period | expires | probation period | session length
cancel_notice | notice period | advance_notice | notice_to_staff | refund_until | contract term | lease term | within | deadline
return_window | return window | refund window | complaint_window | money_back | best_before | loan period | within | grace period
users_limit | number of users | quota | limit_money | max_stack | seats | team_size | headcount | seat count | crew | team size
users_limit | maximum occupancy | minimum staffing | guests | group size | number of licences | people | per_day | stock | stock level
discount | share_paid | share_online | bonus_pay | surcharge | refund | own_share | target | achieved | uptime | uptime target | grade
deadline | advance_notice | processing | start_after | latest | ask_by | register_by | within | use_by | cutoff | order deadline
approver | approval | second signature | second_signer | who_pays | report_to | informed | tell | who | owner_person | owner | manager
approver | responsible_team | contact person | first contact | lead | coordinator | director | escalation contact | supervisor | caretaker
approver | deputy | successor | mentor | manager_of | chair | account manager | sponsor | reviewer | inspector | maintainer | safety officer
approver | teaches | trainer | instructor | founder | designer | author | editor | inventor | treasurer | key_keeper | key holder | client
approver | fault_next | symptom_call
limit_money | fine | penalty | allowance | reimbursed | own_share | late_cost | replacement_price | trade_in | shipping_cost | shipping cost
limit_money | installation_fee | minimum_order | meal allowance | mileage rate | bonus | gift limit | approval limit | signs_up_to | fee
fine | fee | late_cost | tariff | extra_charge | entry_fee | price
entitlement | carry_over | times_allowed | quota | event_length | times | quota | allowance
retention | retention period | storage period | shelf life | stays_open | lifetime
request_via | reporting channel | booking tool | request form | intake | via | menu | where | report_in | noted | how | topic_step
request_via | procedure | first step | report_to | email | phone | support address | mailbox | hotline | emergency number | port
applies_to | who_may_use | target group | eligible staff | authorised users | exception | sold_in | audience | who
review_cycle | event_weekday | event_date | weekly meeting | next meeting
opening_hours | office hours | contact_hours | on_duty | visiting hours | core hours | quiet hours | night shift | closed_on
opening_hours | closes | starts_at | opening time | closing time | shift start | last_order | collection time | departure time
opening_hours | event_date | event_weekday | delivery day | cleaning day | pickup day | maintenance slot | lunch break | backup_time
reason | background | why | neglect | if_ignored | goal
fault_meaning | light_code | noise_cause | light_meaning | error_stop | error_seen | known_bug | symptom_cause | fault_pause
fault_fix | fault_steps | workaround | reset | no_start | reset method | emergency measure | fault_next | symptom_fix | fault_part
reset | memory_clear | start_sequence | thing_first_step | shutdown | first step | last step | procedure | before | after | how | broken_off
reset | lock_keys | sound_off | transport_lock | language_menu | read_counter | menu
forbidden | not_compatible | never_clean | not_with
covered | not_covered | applies_to | exception | includes
wear | after_use | first_check | lifetime | spare_parts
torque | pressure | line pressure | pump pressure | tyre pressure
catering | ingredients | main ingredient
release_new | release_fix | fixed_in | known_bug
predecessor | successor
founded | founder | founding date
learn | training_needed | takes | post_course
storage temperature | max_temp | operating temperature | storage_rule
too_long | event_length | takes | session length | timeout
oldest | minimum_age | lifetime | shelf life
clearance | safety distance | room | dimensions
small_case | limit_money | reimbursed | approval limit
users_limit | quota | memory | capacity | file size limit
amount | water use
order_limit | post_hotel | post_budget | approval limit | budget | allowance | credit limit | meal allowance | gift limit
post_pay | hourly wage | bonus | allowance | order_limit
post_leave | post_notice | post_trial | notice period | probation period | contract term
post_boss | manager | supervisor | lead | director | approver | coordinator | first contact
post_gear | protective equipment | accessories | starter kit | required documents | packing list
post_start | shift start | opening time | starts_at | check-in time | departure time
post_number | headcount | number of users | quota | team size | minimum staffing | crew
repeats | times_allowed | times
"""


@cache
def neighbours() -> dict[str, frozenset[int]]:
    """Name -> the numbers of the lines that it stands in: two names of one line may be confused."""
    found: dict[str, set[int]] = {}
    for i, line in enumerate(_NEIGHBOURS.strip().splitlines()):
        for name in line.split("|"):
            found.setdefault(name.strip(), set()).add(i)
    return {name: frozenset(lines) for name, lines in found.items()}


@cache
def _labels() -> dict[str, frozenset[str]]:
    return {relation.name: frozenset(label.lower() for label in relation.labels) for relation in all_relations()}


def _core(relation: Relation) -> str:
    """The noun of an attribute, the facet of a deed, the name of any other relation."""
    if relation.family.startswith(("attribute:", "doing:")):
        return relation.family.split(":", 1)[1]
    return relation.name


@cache
def _alike(one: str, other: str) -> bool:
    if one == other or neighbours().get(one, frozenset()) & neighbours().get(other, frozenset()):
        return True
    labels = _labels()
    return bool(labels.get(one, frozenset({one})) & labels.get(other, frozenset({other})))


def may_confuse(one: Relation, other: Relation) -> bool:
    """Whether a question about one could be taken for a question about the other, both being said of the same subject."""
    if one.name == other.name:
        return True
    deeds = one.family.startswith("doing:"), other.family.startswith("doing:")
    if all(deeds):
        return _deed(one) == _deed(other) and _alike(_core(one), _core(other))
    if any(deeds):  # a deed's question names the deed, which no other relation's does
        return False
    return _alike(_core(one), _core(other))


def _deed(relation: Relation) -> str:
    return relation.name.split(":", 1)[1].rsplit(":", 1)[0]
