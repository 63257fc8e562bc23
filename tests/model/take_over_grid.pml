/* The grid of take_over.pml: the contents of the segment, the broker's private state, and the steps
 * of the broker. take_over.pml declares the variables of the broker itself. */
#define BLOCKS 4
#define SLOTS 3
#define NONE 7                 /* no block, no slot */
#define NO_LIMIT 255

/* The segment. */
byte published, head_word, tail, horizon;
byte slot[SLOTS] = NONE, index = NONE, table = NONE;
typedef Version { byte revision; byte previous; byte record; byte identity; bool is_tombstone };
Version block[BLOCKS];
typedef Entry { byte revision; byte number; byte identity };
Entry entry[NUMBERS + 1];
#define IDENTITY(b) ((b) == NONE -> 0 : block[b].identity)

/* The private state of the living broker. */
mtype = { unused, used, replaced, unlinked, quarantined };
mtype waits[BLOCKS] = unused, slot_waits[SLOTS] = unused;
byte at[BLOCKS], slot_at[SLOTS];

/* The actual history: versions built so far, entries published, the version at each revision. */
byte serial, counted, truth[10], times_applied[REQUESTS + 1];

#define HAS_BLOCK \
    (waits[0] == unused || waits[1] == unused || waits[2] == unused || waits[3] == unused)

/* P1: links a version and writes its ring entry. */
inline commit(n) {
    d_step {
        b = 0;
        do :: waits[b] != unused -> b++ :: else -> break od;
        from = table; id = 0;
        if :: from != NONE -> id = block[from].record
           :: else -> do :: slot_waits[id] != unused -> id++ :: else -> break od fi;
        serial++; waits[b] = used; slot_waits[id] = used; block[b].revision = assigned + 1;
        block[b].previous = from; block[b].record = id; block[b].identity = serial;
        block[b].is_tombstone = false
    }
    slot[id] = b;
    if :: from == NONE -> index = id :: else fi;
    table = b;
    d_step {
        assigned++;
        entry[head].revision = assigned; entry[head].number = n; entry[head].identity = serial;
        head++;
        if :: from != NONE -> waits[from] = replaced; at[from] = assigned :: else fi;
        b = 0; id = 0; from = 0
    }
}

/* P2 */
inline publish() {
    head_word = head;
    d_step {
        published = assigned;
        if :: counted == head -> truth[published] = truth[published - (published > 0)] :: else fi;
        do
        :: counted < head ->
            i = request[entry[counted].number];
            times_applied[i]++;
            assert(times_applied[i] == 1);
            truth[entry[counted].revision] = entry[counted].identity;
            counted++
        :: else -> break
        od;
        i = 0
    }
}

/* The horizon, the pins, the queues and the quarantine, in one step. */
inline reclaim() {
    atomic {
        if :: tail = head :: true fi;
        horizon = (tail == head -> published : entry[tail].revision - 1);
        limit = (pin == 0 || given_up || is_absent -> NO_LIMIT : pin);
        limit = (is_absent && !BROKEN_ABSENT_IS_GONE -> 1 : limit);
        for (i : 0 .. BLOCKS - 1) {
            if
            :: waits[i] == unlinked && at[i] < limit -> waits[i] = unused
            :: waits[i] == replaced && at[i] < limit && at[i] <= horizon -> waits[i] = unused
            :: waits[i] == quarantined && quarantine_until < limit -> waits[i] = unused
            :: else
            fi
        }
        for (i : 0 .. SLOTS - 1) {
            if :: slot_waits[i] == unlinked && slot_at[i] < limit ->
                slot_waits[i] = unused; slot[i] = NONE
               :: else fi
        }
        i = 0; limit = 0
    }
}

/* The version of slot i that readers may see, or the first one of a record that never had any. */
#define IS_UNBORN(b) (block[b].revision > published || block[b].is_tombstone)
inline find_newest() {
    b = slot[i];
    do
    :: b != NONE && block[b].revision > published && block[b].previous != NONE ->
        b = block[b].previous
    :: else -> break
    od
}

/* T0, T3: everything reachable in the segment. All other memory ever used is in quarantine. */
inline survey() {
    d_step {
        is_announced = false; is_absent = !given_up && !is_reader_done; has_lane = false;
        requests = 0; replies = 0; last = 0; until = 0; answered_number = 0;
        in_doubt = false; is_touched = false; taken = 0; b = 0; from = 0; id = 0; limit = 0;
        assigned = published; head = head_word;
        do
        :: head > tail && entry[head - 1].revision > published && !BROKEN_TRUSTS_HEAD -> head--
        :: else -> break
        od;
        low = tail; high = (BROKEN_FORGETS_ENTRIES -> tail : head); is_complete = tail == 0;
        for (i : 0 .. BLOCKS - 1) {
            at[i] = 0;
            waits[i] = (block[i].identity != 0 && !BROKEN_EARLY_REUSE -> quarantined : unused)
        }
        for (i : 0 .. SLOTS - 1) {
            slot_at[i] = 0;
            slot_waits[i] = (slot[i] == NONE -> unused : used);
            find_newest();
            if
            :: b != NONE ->
                waits[b] = used;
                assert(IS_UNBORN(b) || (index == i && table != NONE && block[table].record == i));
                do
                :: !IS_UNBORN(b) && block[b].revision > horizon && block[b].previous != NONE ->
                    from = block[b].revision; b = block[b].previous;
                    waits[b] = replaced; at[b] = from
                :: else -> break
                od
            :: else
            fi
        }
        i = 0; b = 0; from = 0
    }
}

/* T2: readers go to the versions that they would have reached. */
inline mend() {
    do
    :: i < SLOTS ->
        d_step { find_newest() }
        if
        :: b == NONE
        :: b != NONE && !IS_UNBORN(b) -> slot[i] = b; table = b
        :: b != NONE && IS_UNBORN(b) ->
            slot[i] = b;
            block[b].is_tombstone = !BROKEN_STILLBORN_LIVES;
            index = (index == i -> NONE : index);
            table = (table == NONE -> NONE : (block[table].record == i -> NONE : table));
            d_step {
                slot_waits[i] = unlinked; slot_at[i] = assigned + 1;
                waits[b] = unlinked; at[b] = assigned + 1
            }
        fi;
        i++
    :: else -> break
    od;
    i = 0; b = 0
}
