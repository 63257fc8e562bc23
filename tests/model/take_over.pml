/* A broker that dies at any step, and its successor, which continues with the segment:
 * broker/engine/commit.cpp, serve.cpp, engine.cpp (`finish_turn`), survey.cpp, take_over.cpp
 * (steps 1..4), resume.cpp, applied_commits.hpp, broker/session/lane.cpp and in_doubt.hpp;
 * docs/design.md, section 7.
 *
 * A client sends two requests that write one record to three brokers, and sends a request again if
 * it was `not_applied`. Or it sends them to two brokers, while a reader of another session reads
 * the record once, by name or by the index. pins.pml covers readers and memory within one life of a
 * broker. Here a reader sets its pin and checks the horizon in one step.
 *
 *   here            in the code
 *   P1..P4          a request: commit (new: slot, index, table; old: slot, table; then the ring
 *                   entry), publish (head, then revision), reply and `answered`, request head
 *   T0..T4          Survey::run; Grid::Impl::take_over; then the generation, by which clients know
 *   D               Engine::answer_doubtful, InDoubt, Lane::has_only_doubts
 *   reclaim         a turn's end: the ring's tail moves, the queues and the quarantine end
 *   given_up        Engine::review_absent: the lease of a session that did not resume has expired
 *
 * Asserted: a request becomes visible at most once. Each request is answered once, and correctly. A
 * reader finds the published version of its revision, in memory that is not reused. The segment is
 * consistent whenever a broker surveys it. No process waits forever (no invalid end state).
 *
 * Variants, each with a part of the assertion that it violates:
 * BROKEN_FORGETS_ENTRIES   `applied[i]`     doubts are decided without the ring's entries
 * BROKEN_TRUSTS_HEAD       `applied[which]` entries of an unpublished revision count as applied
 * BROKEN_NOT_BEGUN         `applied[i]`     `begun` is not stored: a request whose entry was
 *                                           trimmed from the ring is applied again
 * BROKEN_SERVES_OLD        `applied[which]` a request that has a reply is applied again
 * BROKEN_ANSWERED_APART    `answered[`      `answered` is stored after the tail of the replies
 * BROKEN_REPLY_FIRST       `applied[which]` replies are visible before the revision
 * BROKEN_SENT_LATE         `applied[i]`     the client stores `sent` after the tail of its requests
 * BROKEN_NO_EMPTY_REVISION `truth`          the take-over publishes no revision of its own
 * BROKEN_STILLBORN_LIVES   `table`          a record that was never published is not marked as
 *                                           deleted
 * BROKEN_EARLY_REUSE       `truth`          there is no quarantine
 * BROKEN_ABSENT_IS_GONE    `truth`          a session that has not resumed holds nothing
 */
#define REQUESTS 2
/* The defect shows with a reader alone, so the other half is not searched. */
#define ONLY_READER_SHOWS \
    (BROKEN_NO_EMPTY_REVISION || BROKEN_EARLY_REUSE || BROKEN_ABSENT_IS_GONE)
#define NUMBERS 5              /* requests, including repeated ones */

/* Outcomes, encoded in a reply as number * 4 + outcome. */
#define COMMITTED 0
#define REFUSED 1
#define NOT_APPLIED 2
#define UNKNOWN 3

/* State that outlives a broker: the lane, and the reader's session. */
byte request[NUMBERS + 1], request_tail, request_head, sent;  /* indexed by request number */
byte reply[NUMBERS + 1], reply_tail, answered, begun;
byte pin, deaths;              /* revision + 1, 0 = none; number of remaining deaths */
byte wanted = REQUESTS;        /* number of requests that the client sends */
bool is_absent, given_up, is_announced = true, has_lane = true, dies;
bool is_client_done, is_reader_done, was_refused;
#define IS_OVER (is_client_done && is_reader_done)

#include "take_over_grid.pml"

inline send(which) {
    number++;
    request[number] = which;
#if BROKEN_SENT_LATE
    request_tail = number;
    sent = number
#else
    sent = number;
    request_tail = number
#endif
}

proctype client() {
    byte number, taken, done, which, outcome;
    bool is_answered[NUMBERS + 1];

    send(1);
    if :: wanted > 1 -> send(2) :: else fi;
    do
    :: taken < reply_tail ->
        atomic {
            which = request[reply[taken] / 4];
            outcome = reply[taken] % 4;
            assert(!is_answered[reply[taken] / 4]);
            is_answered[reply[taken] / 4] = true;
            assert(outcome == UNKNOWN || times_applied[which] == (outcome == COMMITTED));
            done = done + (outcome != NOT_APPLIED);
            taken++
        }
        if :: outcome == NOT_APPLIED -> send(which) :: else fi
    :: done == wanted -> break
    od;
    is_client_done = true
}

/* The reader's two ways to a record: the table, or the index and then the slot. */
proctype reader() {
    byte revision, identity, id, b;
    bool has_met_reuse;

    atomic { revision = published; horizon <= revision; pin = revision + 1 }
    if
    :: atomic { b = table; identity = IDENTITY(b) }
    :: id = index; atomic { b = (id == NONE -> NONE : slot[id]); identity = IDENTITY(b) }
    fi;
    do
    :: atomic {
            b != NONE && block[b].revision > revision && !has_met_reuse;
            has_met_reuse = waits[b] == unused || block[b].identity != identity;
            b = block[b].previous; identity = IDENTITY(b)
        }
    :: else -> break
    od;
    atomic {
        has_met_reuse = has_met_reuse ||
            (b != NONE && (waits[b] == unused || block[b].identity != identity));
        identity = (b == NONE -> 0 : (block[b].is_tombstone -> 0 : identity));
        assert(given_up || (!has_met_reuse && identity == truth[revision]));
        revision = 0; identity = 0; id = 0; b = 0; has_met_reuse = false;
        pin = 0; is_reader_done = true
    }
}

/* The reader's session resumes with a new broker, or fails to do so in time. */
proctype attachment() {
    do
    :: is_absent && is_announced -> is_absent = false
    :: is_absent && is_announced -> atomic { given_up = true; is_absent = false }
    :: is_reader_done -> is_absent = false; break
    od
}

proctype death() {
    do
    :: atomic { deaths > 0 && !dies && !IS_OVER -> deaths--; dies = true }
    :: IS_OVER -> break
    od
}

inline answer(n, outcome) {
    reply[replies] = (n) * 4 + (outcome); replies++;
    answered_number = n; last = n; is_touched = true
}

/* D: [low, high) are the positions of the entries that the former broker left. */
#define IS_AFTER_KNOWN(n) (low < high && entry[low].number < (n))
#define HAD_ITS_TURN(n) ((low < high && entry[high - 1].number >= (n)) || \
    (begun_until >= (n) && !IS_AFTER_KNOWN(n) && !is_complete))
inline answer_doubtful(end) {
    d_step {
        do
        :: last < end ->
            i = low;
            do :: i < high && entry[i].number != last + 1 -> i++ :: else -> break od;
            if
            :: i < high -> answer(last + 1, COMMITTED)
            :: i == high && (IS_AFTER_KNOWN(last + 1) || is_complete) ->
                answer(last + 1, NOT_APPLIED)
            :: else -> answer(last + 1, UNKNOWN)
            fi
        :: else -> break
        od;
        i = 0
    }
}

inline serve(n) {
    if
    :: n <= last && !BROKEN_SERVES_OLD -> is_touched = true
    :: else ->
        if :: in_doubt -> answer_doubtful((n - 1 < until -> n - 1 : until)) :: else fi;
        if
        :: in_doubt && n <= until && HAD_ITS_TURN(n) -> answer_doubtful(n)
        :: else ->
            in_doubt = in_doubt && n <= until;
            if
            :: HAS_BLOCK ->
#if !BROKEN_NOT_BEGUN
                begun = n;
#endif
                commit(n);
                d_step { answer(n, COMMITTED) }
            :: !was_refused || !HAS_BLOCK -> d_step { was_refused = true; answer(n, REFUSED) }
            fi
        fi
    fi
}

/* Session::resume, Lane::resume */
inline resume() {
    d_step {
        has_lane = true; in_doubt = true;
        requests = request_head; replies = reply_tail; last = answered; answered_number = answered;
        until = sent; begun_until = begun
    }
}

proctype broker() {
    byte assigned, head, requests, replies, answered_number, last, until, low, high, taken;
    byte quarantine_until, limit, i, b, from, id, begun_until;
    bool is_touched, in_doubt, is_complete, is_successor;

    do
    :: IS_OVER -> break
    :: else ->
        dies = false;
        {
            if
            :: is_successor ->
                survey(); mend();
                assigned = assigned + !BROKEN_NO_EMPTY_REVISION;
                quarantine_until = assigned;
                head_word = head;                /* T4 */
                d_step { truth[assigned] = truth[published]; published = assigned }
                is_announced = true
            :: else
            fi;
            do
            :: !has_lane -> resume()
            :: has_lane && taken < 2 && requests < request_tail ->
                taken++; requests++;
                serve(requests)
            :: has_lane && in_doubt && requests == request_tail ->
                answer_doubtful(until); in_doubt = false; is_touched = true
            :: assigned != published -> publish(); tail = head    /* compact, in the turn */
            :: is_touched ->
#if BROKEN_REPLY_FIRST
                d_step { reply_tail = replies; answered = answered_number }
#endif
                if :: assigned != published -> publish() :: else fi;
                if                               /* P3, unless the reply waits for the disk */
#if BROKEN_ANSWERED_APART
                :: reply_tail = replies; answered = answered_number
#else
                :: d_step { reply_tail = replies; answered = answered_number }
#endif
                :: true
                fi;
                request_head = requests;         /* P4 */
                is_touched = false; taken = 0
            :: has_lane && !is_touched && reply_tail != replies -> is_touched = true
            :: !is_touched -> reclaim()
            od
        } unless { dies || IS_OVER };
        is_successor = true
    od
}

init {
    atomic {
        if                     /* two deaths, or one and a reader */
#if !ONLY_READER_SHOWS
        :: deaths = 2 - SHORT; is_reader_done = true
#endif
        :: deaths = 1; wanted = REQUESTS - SHORT; was_refused = true; run reader(); run attachment()
        fi;
        run client(); run broker(); run death()
    }
}
