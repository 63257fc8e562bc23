/* The change ring with readers that are lapped: shm/ring/change_ring.hpp and .cpp, the reader's
 * side in client/src/watch.cpp (`step`, `lapped`, `go_to_the_newest`), the successor's side in
 * broker/engine/survey.cpp (`walk_ring`).
 *
 * Memory follows C++'s release and acquire order. The writer's stores are kept in a log, and a
 * reader may load any store of a word unless an earlier acquire has shown it to be outdated. A load
 * that acquires a releasing store also sees all stores before it. So stores become visible in any
 * order unless the code orders them. The writer never reads what a reader stores, and a reader may
 * load as if the log were still short. So it is enough to start the reader when the writer is done.
 *
 *   here         in the code
 *   W1..W5       ChangeRingWriter::make_room/advance_tail, append, publish
 *   R1..R4       ChangeRingReader::read, Watch::Impl::step
 *   F1..F4       ChangeRingReader::find, for an unpublished revision: where a watch begins
 *   L1           Watch::Impl::lapped, mode `every`
 *   L2           Watch::Impl::step: an unreadable entry that the tail has not passed
 *   rewind       a refused commit; a move of the tail alone is retention
 *   successor    Survey::walk_ring, ChangeRingWriter::adopt, after a death between any two stores
 *
 * Asserted: each entry that a reader accepts is whole, in order and published. A watch begins with
 * the first change after its revision. Entries reported as missed were published and are gone, and
 * together with the accepted entries they are all entries.
 *
 * Variants, each with a part of the assertion that it violates:
 * BROKEN_NO_BUSY          `body`      W2 is omitted
 * BROKEN_RELAXED_WORDS    `body`      W3 orders nothing
 * BROKEN_RELAXED_HEAD     `body`      W5's head orders nothing: seen before the entries it counts
 * BROKEN_RELAXED_LOADS    `body`      R2 orders nothing
 * BROKEN_NO_RECHECK       `body`      R3 is omitted
 * BROKEN_UNPUBLISHED      `body`      R4 is omitted
 * BROKEN_FIND_TRUSTS_HEAD `<=drain_at` F2..F4 are omitted: the head may be of a later revision
 * BROKEN_WIPED_IS_MISSED  `>=latest`  L2 is omitted: entries wiped by a successor count as missed
 */
#define CAPACITY 2
#if SHORT
#define POSITIONS 3            /* the writer ends when its head reaches this position */
#else
#define POSITIONS 4
#endif
#define BUSY 15
#define LOG_MAX 72

/* Words in memory; entry e has its words at 3e. */
#define STAMP(position) (3 * ((position) % CAPACITY))
#define REVISION(position) (STAMP(position) + 1)
#define BODY(position) (STAMP(position) + 2)
#define HEAD 6
#define PUBLISHED 7
#define TAIL 8

byte log[LOG_MAX];             /* place * 16 + value; entry 0: everything is 0 */
byte now = 1;
byte latest[9];                /* the last value of each word, for the writer and its successor */

/* The actual history, for the assertions only. */
byte true_revision[POSITIONS + 2];
byte true_body[POSITIONS + 2];
byte serial;                   /* a body is the number of its append */
bool is_over;

#define PLACE(t) (log[t] / 16)
#define VALUE(t) (log[t] % 16)
#define IS_STAMP(t) (PLACE(t) < HEAD && PLACE(t) % 3 == 0)
#define IS_WORD(t) (PLACE(t) < HEAD && PLACE(t) % 3 != 0)
#define RELEASES(t) (PLACE(t) > HEAD || (IS_STAMP(t) && VALUE(t) != BUSY) || \
    (IS_WORD(t) && !BROKEN_RELAXED_WORDS) || (PLACE(t) == HEAD && !BROKEN_RELAXED_HEAD))

/* The writer may die after any store, once per run. */
inline store(place, value) {
    d_step { log[now] = (place) * 16 + (value); latest[place] = value; now++ }
    if :: !had_incident -> had_incident = true; goto successor :: true fi
}

inline publish() { store(HEAD, head); store(PUBLISHED, revision); published_head = head }

inline make_room(end) {
    if
    :: end - tail > CAPACITY ->
        tail = end - CAPACITY;
        /* Only whole revisions are trimmed. */
        if :: tail < head && latest[REVISION(tail)] == latest[REVISION(tail - 1)] -> tail++
           :: else fi;
        store(TAIL, tail)
    :: else
    fi
}

inline append(position) {
    d_step { serial++; true_revision[position] = revision + 1; true_body[position] = serial }
#if !BROKEN_NO_BUSY
    store(STAMP(position), BUSY);                /* W2 */
#endif
    store(REVISION(position), revision + 1);     /* W3 */
    store(BODY(position), true_body[position]);
    store(STAMP(position), position + 1)         /* W4 */
}

active proctype writer() {
    bool had_incident;         /* one death, one refused commit or one trimming */
    byte head, tail, published_head, revision, changes, i;

again:
    do
    :: head < POSITIONS ->
        if :: changes = 1 :: head + 2 <= POSITIONS -> changes = 2 fi;
        /* make_ring_room: unpublished entries must stay. */
        if :: head != published_head && head - published_head + changes > CAPACITY -> publish()
           :: else fi;
        i = head + changes;
        make_room(i);          /* W1 */
        i = 0;
        do
        :: i < changes -> append(head); head++; i++
        :: else -> break
        od;
        revision++;
        if
        :: !had_incident -> had_incident = true; head = head - changes; revision--  /* rewind */
        :: true -> skip        /* published with the next one */
        :: true -> publish()   /* W5 */
        fi;
        changes = 0; i = 0
    :: published_head > tail && !had_incident ->
        had_incident = true; tail = published_head; store(TAIL, tail)
    :: head == POSITIONS -> break
    od;
    if :: head != published_head -> publish() :: else fi;
    is_over = true;
    goto done;

successor:
    skip;
    d_step {
        head = latest[HEAD]; tail = latest[TAIL]; revision = latest[PUBLISHED];
        do
        :: head > tail && latest[REVISION(head - 1)] > revision -> head--
        :: else -> break
        od;
        published_head = head;
        i = head;              /* the end of its entries, including one in progress */
        do
        :: i - tail < CAPACITY && latest[STAMP(i)] == i + 1 -> i++
        :: else -> break
        od;
        changes = i; i = head
    }
    store(HEAD, head);         /* no longer counted, before they are wiped */
    do
    :: i <= changes && i - tail < CAPACITY -> store(STAMP(i), BUSY); i++
    :: else -> break
    od;
    changes = 0; i = 0; revision++;
    store(TAIL, tail);
    publish();
    goto again;
done:
    skip
}

/* Any store of `place`, from the newest back to the oldest that the reader may still see. */
inline load(place, acquires, into) {
    atomic {
        at = now - 1;
        do
        :: at > 0 && PLACE(at) != place -> at--
        :: at > 0 && PLACE(at) == place && at > known && at > last[place] ->
            if :: at-- :: break fi
        :: else -> break
        od;
        into = (at == 0 -> 0 : VALUE(at));
        last[place] = at;
        if :: at > known && acquires && RELEASES(at) -> known = at :: else fi;
        d_step {               /* values that `known` implies need not be stored */
            at = 0;
            do
            :: at < 9 -> last[at] = (last[at] <= known -> 0 : last[at]); at++
            :: else -> break
            od;
            at = 0
        }
    }
}

/* ChangeRingReader::read; `stamp` is position + 1 at the end if the entry was read. */
inline read(position) {
    load(STAMP(position), 1, stamp);             /* R1 */
    if
    :: stamp == position + 1 ->
        load(REVISION(position), !BROKEN_RELAXED_LOADS, entry_revision);  /* R2 */
        load(BODY(position), !BROKEN_RELAXED_LOADS, entry_body);
#if !BROKEN_NO_RECHECK
        load(STAMP(position), 0, stamp)          /* R3 */
#endif
    :: else
    fi
}

active proctype reader() {
    byte at, known, last[9];   /* the reader's view of the log */
    byte cursor, drain_at, drain_end, start, end, stamp, entry_revision, entry_body;

    is_over;
begin:
    load(PUBLISHED, 1, drain_at);                /* F1 */
    load(TAIL, 1, start);
    load(HEAD, 1, end);
#if !BROKEN_FIND_TRUSTS_HEAD
    do                                           /* F2: back over entries after that revision */
    :: end > start ->
        read(end - 1);
        if
        :: stamp != end -> goto begin            /* F3: lapped or wiped in between */
        :: stamp == end && entry_revision > drain_at -> end--
        :: else -> break
        fi
    :: else -> break
    od;
    load(PUBLISHED, 1, stamp);                   /* F4: no later revision was discarded since */
    if :: stamp != drain_at -> goto begin :: else fi;
#endif
    d_step {
        cursor = end; drain_end = end; start = 0; end = 0;
        stamp = 0; entry_revision = 0; entry_body = 0;
        assert(cursor == 0 || true_revision[cursor - 1] <= drain_at)
    }

    do
    :: cursor == drain_end ->
        load(PUBLISHED, 1, drain_at);
        load(HEAD, 1, end);
        drain_end = (end > cursor -> end : cursor);
        if :: cursor == drain_end && drain_at == latest[PUBLISHED] -> break :: else fi
    :: cursor != drain_end ->
        read(cursor);
        if
        :: stamp != cursor + 1 ->
            load(TAIL, 1, end);
#if !BROKEN_WIPED_IS_MISSED
            if
            :: end <= cursor -> drain_end = cursor   /* L2: no entry yet */
            :: else ->
#endif
            d_step {                             /* L1 */
                end = (end > cursor + 1 -> end : cursor + 1);
                do
                :: cursor < end ->
                    assert(cursor < latest[TAIL] || cursor >= latest[HEAD]);
                    cursor++
                :: else -> break
                od;
                drain_end = cursor
            }
#if !BROKEN_WIPED_IS_MISSED
            fi
#endif
        :: stamp == cursor + 1 && entry_revision > drain_at && !BROKEN_UNPUBLISHED ->  /* R4 */
            drain_end = cursor
        :: else ->
            assert(entry_revision == true_revision[cursor] && entry_body == true_body[cursor]);
            cursor++
        fi;
        d_step { stamp = 0; entry_revision = 0; entry_body = 0; end = 0 }
    od;
    assert(cursor >= latest[HEAD])
}
