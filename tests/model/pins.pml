/* Pins, the horizon and the release of memory: shm/pin/pin.hpp (steps R1..R5, E1..E5), on the
 * engine's side broker/engine/reclaim.cpp, lease.cpp and commit.cpp, on the reader's side
 * client/src/thread_lane.hpp (`pin`, `find`, `is_revoked`) and shm/version/visibility.hpp.
 *
 * The reader is a `light` one, which has registered for the membarrier. Its stores of the pin stay
 * in its store buffer for an arbitrary time, and the engine's barrier empties the buffer. A reader
 * with its own fence behaves like this one when its buffer is emptied at once. The engine's stores
 * are visible at once and in order.
 *
 * Steps that are merged here: a store that leaves the buffer between E3 and E4 could as well have
 * left it earlier, and a reader that checks between revocation and E5 only learns more.
 *
 *   here              in the code
 *   commit, refuse    Grid::Impl::link, settle and make_visible; roll_back
 *   reclaim           Grid::Impl::reclaim: E2, E3, E4, LeaseRegistry::review and revoke_all, drain
 *   waits[], at[]     the queues `history_` and `structure_`: queue of a block, and its revision
 *   reader            ThreadLane::pin and find, twice under one pin, and Record::check
 *   dies              with its pin set; Engine::close removes it from the list of sessions
 *
 * One record is written, refused, deleted and written again in three blocks, while other records
 * are written too. Asserted: a reader whose pin was not revoked when it finished reading met no
 * free or reused block in either of its two lookups, and found the version of its revision.
 * Without readers, all memory except the live version is released.
 *
 * Variants, each with a part of the assertion that it violates:
 * BROKEN_NO_HORIZON_LOOK     `met_reuse` R3 is omitted
 * BROKEN_NO_BARRIER          `met_reuse` E3 is omitted
 * BROKEN_FREE_BEFORE_HORIZON `met_reuse` E5 comes before E2
 * BROKEN_STRUCTURE_EARLY     `met_reuse` unlinked memory waits for one revision less
 * BROKEN_UNLINK_FREES        `met_reuse` a tombstone does not wait in `structure_` when unlinked
 * BROKEN_ONE_LOOK_UP         `met_reuse` a newer revision is pinned without a second lookup
 * BROKEN_LATE_REVOCATION     `met_reuse` a pin is revoked after the memory it protects was freed
 * BROKEN_TOMBSTONE_FORGOTTEN `waits[b]`  a tombstone is dropped when an unfinished commit covers it
 * BROKEN_NO_CHECK            `met_reuse` the reader does not check whether its pin was revoked
 */
#define BLOCKS 3
#define NONE BLOCKS            /* stands for offset 0 */
#if SHORT
#define REVISIONS 2            /* the engine's last revision */
#else
#define REVISIONS 3
#endif
#define NO_LIMIT 255

/* How much of the ring is retained, and whether memory is short. */
#define CHOOSE if :: true :: until < published -> until++ :: is_urgent = true; until = published fi

#if BROKEN_FREE_BEFORE_HORIZON
#define RECLAIM CHOOSE; look_at_pin(); revoke_and_free(); horizon = until
#elif BROKEN_LATE_REVOCATION
#define RECLAIM atomic { CHOOSE; horizon = until }; look_at_pin(); revoke_and_free(); REVOKE
#else
#define RECLAIM atomic { CHOOSE; horizon = until }; look_at_pin(); revoke_and_free()
#endif
#if BROKEN_UNLINK_FREES
#define UNLINK(b) free(b)
#else
#define UNLINK(b) waits[b] = unlinked; at[b] = assigned + 1
#endif
#define REVOKE revoked_below = (revoked > revoked_below -> revoked : revoked_below)

mtype = { unused, live, replaced, tombstone, unlinked };

/* The segment. */
byte newest = NONE;            /* entry of the record table */
byte published, horizon, revoked_below;
typedef Version { byte identity; byte previous; bool is_tombstone; byte previous_identity };
Version block[BLOCKS];

/* Of two versions built for one revision, the first was refused. 0: free. */
#define IDENTITY(b) ((b) == NONE -> 0 : block[b].identity)
#define REVISION(b) (block[b].identity / 2)

/* The engine's own state: the queue of each block, and the revision at which it waits. */
mtype waits[BLOCKS] = unused;
byte at[BLOCKS];
#define IS_HISTORY(b) (waits[b] == replaced || waits[b] == tombstone)
#define IS_DUE(b) (at[b] < limit && at[b] <= until)
#define CAN_TAKE(b) (waits[b] == unused)
#define IS_LIVE(b) (newest == (b) && !block[b].is_tombstone)

/* The session's memory, and the store buffer of its process. */
byte pin, buffered;            /* revision + 1; 0 = none */
bool is_buffered;
bool is_dead, is_open = true, is_over;
#define READER_IS_GONE ((is_over && pin == 0 && !is_buffered) || !is_open)
byte truth[REVISIONS + 1];     /* identity of the version at each revision; 0 = no record */

inline look_at_pin() {
    d_step {
#if !BROKEN_NO_BARRIER
        pin = (is_buffered -> buffered : pin); is_buffered = false; buffered = 0;  /* E3 */
#endif
        pinned = (is_open -> pin : 0)            /* E4 */
    }
}

inline free(b) {
    waits[b] = unused; at[b] = 0; block[b].identity = 0; block[b].previous = 0;
    block[b].previous_identity = 0; block[b].is_tombstone = false
}

/* LeaseRegistry, then E5. `kept_back`: pins below this revision prevent a release. */
inline revoke_and_free() {
    atomic {
        for (b : 0 .. BLOCKS - 1) {
            if :: IS_HISTORY(b) && at[b] <= until && kept_back < until -> kept_back = until
               :: waits[b] == unlinked && kept_back < at[b] -> kept_back = at[b]
               :: else fi
        }
        revoked = (pinned == revoked && pinned <= kept_back && pinned <= published -> revoked : 0);
        if                     /* its lease has expired, or memory is short */
        :: revoked == 0 && pinned != 0 && pinned <= kept_back &&
            (pinned <= published || is_urgent) -> revoked = pinned;
#if !BROKEN_LATE_REVOCATION
            REVOKE
#endif
        :: true
        fi;
        /* Memory that a revoked pin protects is reused last. */
        limit = (pinned == 0 || (is_urgent && revoked == pinned) -> NO_LIMIT : pinned);
        for (b : 0 .. BLOCKS - 1) {
            if
            :: waits[b] == unlinked && at[b] < limit -> free(b)
            :: waits[b] == replaced && IS_DUE(b) -> free(b)
            :: waits[b] == tombstone && IS_DUE(b) && newest == b ->
                newest = NONE;
                UNLINK(b)
#if BROKEN_TOMBSTONE_FORGOTTEN
            :: waits[b] == tombstone && IS_DUE(b) && newest != b -> waits[b] = live
#endif
            :: else
            fi
        }
        b = 0; limit = 0; kept_back = 0; pinned = 0; is_urgent = false
    }
}

active proctype engine() {
    byte assigned, b, limit, pinned, kept_back, revoked, until, last_rounds, made = NONE;
    bool is_urgent, was_refused;

    do
    :: atomic {                /* builds a version and links it: readers may find it */
            made == NONE && assigned < REVISIONS &&
                (CAN_TAKE(0) || CAN_TAKE(1) || CAN_TAKE(2));
            made = (CAN_TAKE(0) -> 0 : (CAN_TAKE(1) -> 1 : 2));
            waits[made] = live;
            block[made].identity = 2 * (assigned + 1) + was_refused; block[made].previous = newest;
            block[made].previous_identity = IDENTITY(newest);
            if :: newest != NONE && IS_LIVE(newest) -> block[made].is_tombstone = true :: true fi;
            newest = made
        }
    :: d_step {                /* settles it */
            made != NONE; assigned++;
            b = block[made].previous;
            if :: b != NONE -> waits[b] = replaced; at[b] = assigned :: else fi;
            if :: IS_LIVE(made) -> truth[assigned] = block[made].identity
               :: else -> waits[made] = tombstone; at[made] = assigned fi;
            made = NONE; b = 0
        }
    :: d_step {                /* or refuses it, once per run */
            made != NONE && !was_refused; was_refused = true;
            if
            :: block[made].previous != NONE ->
                newest = block[made].previous;
                waits[made] = unlinked; at[made] = assigned + !BROKEN_STRUCTURE_EARLY
            :: else ->
                block[made].is_tombstone = true; waits[made] = tombstone; at[made] = assigned + 1
            fi;
            made = NONE
        }
    :: d_step {                /* the last revision may be a commit of another record */
            made == NONE && assigned + 1 == REVISIONS; assigned++;
            truth[assigned] = truth[assigned - 1]
        }
    :: assigned != published && made == NONE -> published = assigned
    :: RECLAIM;
        /* Without readers: twice more, like Grid::Impl::compact. */
        if :: READER_IS_GONE && made == NONE && horizon == REVISIONS -> last_rounds++ :: else fi
    :: is_dead && is_open -> is_open = false     /* Engine::close */
    :: last_rounds == 3 -> break
    od;
    for (b : 0 .. BLOCKS - 1) { assert(waits[b] == unused || IS_LIVE(b)) }
}

inline store_pin(value) { d_step { is_buffered = true; buffered = value } }

/* Reads a block whose identity was `wanted` when its reference was loaded. */
inline look_at(b, wanted) { has_met_reuse = has_met_reuse || IDENTITY(b) != wanted }

/* ThreadLane::find and visible_version: the record at `revision`. */
inline find(place, as) {
    d_step { place = newest; as = IDENTITY(newest) }
    atomic { look_at(place, as); is_too_new = place != NONE && REVISION(place) > revision };
    if
    :: is_too_new ->
        revision = published;
#if !BROKEN_ONE_LOOK_UP
        d_step { place = newest; as = IDENTITY(newest) }
#endif
        do
        :: atomic {            /* the revision of a block that is free now is 0 */
                place != NONE && REVISION(place) > revision;
                look_at(place, as);
                as = block[place].previous_identity; place = block[place].previous
            }
        :: else -> break
        od
    :: else
    fi;
    atomic {
        look_at(place, as);
        is_too_new = false;
        is_right = is_right && truth[revision] ==
            (place == NONE -> 0 : (block[place].is_tombstone -> 0 : as))
    }
}

active proctype reader() {
    byte revision, pinned, first, first_identity, second, second_identity;
    bool has_met_reuse, is_too_new, is_right = true;

    revision = published;      /* as last seen, possibly long ago */
    do
    :: true ->
        store_pin(revision + 1);                 /* R1 */
        if :: horizon > revision && !BROKEN_NO_HORIZON_LOOK ->               /* R3 */
            store_pin(0); revision = published
           :: else -> break fi
    od;
    pinned = revision;
    if :: is_dead = true; goto dead :: true fi;
    find(first, first_identity);                 /* R4 */
    find(second, second_identity);
    d_step {                   /* the user reads both */
        look_at(first, first_identity); look_at(second, second_identity);
        assert((pinned < revoked_below && !BROKEN_NO_CHECK) || (!has_met_reuse && is_right))
    }
    store_pin(0);                                /* R5 */
dead:
    atomic {                   /* the remaining values of its variables are irrelevant */
        revision = 0; pinned = 0; first = 0; first_identity = 0; second = 0; second_identity = 0;
        is_over = true
    }
}

active proctype store_buffer() {
    do
    :: atomic { is_buffered -> pin = buffered; is_buffered = false; buffered = 0 }
    :: is_over && !is_buffered -> break
    od
}
