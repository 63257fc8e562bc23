/* A lane between a client and the engine, either of which may die at any step: the rings of
 * shm/lane/byte_ring.hpp (P1..P3, C1..C3), the words of shm/lane/session_memory.hpp, sleeping as in
 * shm/wait/futex.hpp (S1..S3, W1, W2); client/src/channel.cpp (`push`, `wait`, `pop_reply`) and
 * Attachment::ring_doorbell; broker/session/lane.cpp, Engine::drain and finish_turn,
 * EngineThread::run, sleep and take_orders.
 *
 * Each side's stores wait in a buffer and reach memory in order, at an arbitrary time. A fence
 * waits until the buffer is empty. A message has two words, stored and loaded separately. Time
 * does not pass, so no slice and no heartbeat hides a lost wake-up. The only exceptions are those
 * that the code relies on: a delayed engine checks again, and a client detects a dead broker.
 *
 *   here          in the code
 *   a request     a frame; indices count modulo 8 and start shortly before they wrap to 0
 *   held          a reply that waits for the disk (Lane::hold, release_held); at most one
 *   bell          the eventfd, edge-triggered; `close_ordered`, bell: the reactor's order, nudge
 *   futex         the words on which the client sleeps in the kernel
 *
 * Asserted: each request arrives whole, once and in order, and so does its reply. A session whose
 * client has died is closed. A lost wake-up is an end state in which a process sleeps.
 *
 * Variants, each with a part of the assertion that it violates, or of the line at which a process
 * waits forever:
 * BROKEN_INDEX_FIRST         `taken+1`             P3 before P2: the tail is published before the
 *                                                  words
 * BROKEN_ROOM_FIRST          `word[`               C3 before C2: the space is released before the
 *                                                  copy
 * BROKEN_SLEEP_FLAG_LATE     stuck at `epoll_wait` the engine declares that it sleeps after its
 *                                                  last check
 * BROKEN_NO_FENCE_AT_BELL    stuck at `epoll_wait` the client checks whether the engine sleeps
 *                                                  without a fence
 * BROKEN_NO_FENCE_AT_SLEEP   stuck at `epoll_wait` the engine makes its last check without a fence
 * BROKEN_NO_FENCE_AT_WAKE    stuck at `futex ==`   W2 without a fence
 * BROKEN_NO_FENCE_AT_WAIT    stuck at `futex ==`   S2 without a fence
 * BROKEN_NO_SECOND_LOOK      stuck at `futex ==`   S2 is omitted
 * BROKEN_VALUE_LATE          stuck at `futex ==`   S3's value is loaded after S2
 * BROKEN_SLEEPS_ON_HEAD      stuck at `futex ==`   a client that waits for space or replies sleeps
 *                                                  on the head alone
 * BROKEN_CLOSE_WITHOUT_NUDGE stuck at `epoll_wait` a session's end is ordered without waking the
 *                                                  engine
 */
#define REQUESTS 5
#define REQUEST_ROOM 2
#define REPLY_ROOM 1
#define FIRST_INDEX 6
#define NEXT(index) (((index) + 1) & 7)
#define COUNT(tail, head) (((tail) - (head)) & 7)

/* Words in memory. */
#define REQUEST(index) (2 * ((index) & 1))
#define REPLY 4
#define REQUEST_TAIL 6
#define REQUEST_HEAD 7
#define REPLY_TAIL 8
#define REPLY_HEAD 9
#define CLIENT_ASLEEP 10       /* LaneControl::reply_asleep */
#define BROKER_ASLEEP 11
byte word[12];

/* SleepsOn */
#define NOTHING 0
#define ON_REPLIES 1
#define ON_ROOM 2

chan of_client = [3] of { byte, byte };          /* stores in the buffer */
chan of_broker = [3] of { byte, byte };
byte futex;                    /* as SleepsOn: the client is in the kernel */
bool bell, close_ordered, client_dies, broker_dies, is_client_gone, is_broker_gone;

/* --- the client --- */

#define HAS_ROOM (COUNT(tail, word[REQUEST_HEAD]) < REQUEST_ROOM)
#define HAS_REPLY (word[REPLY_TAIL] != head)

inline ring() {
    empty(of_client) || BROKEN_NO_FENCE_AT_BELL;
    if :: word[BROKER_ASLEEP] != 0 -> bell = true :: else fi
}

inline take_reply() {
    reply = word[REPLY];                         /* C2 */
    assert(reply == answered + 1);
    assert(reply == word[REPLY + 1]);
    atomic { answered++; head = NEXT(head); reply = 0; of_client!REPLY_HEAD, head }  /* C3 */
}

/* Also returns if the broker is dead. */
inline wait(place, is_ready) {
    do
    :: is_ready || is_broker_gone -> break
    :: else ->
        d_step { seen_tail = word[REPLY_TAIL]; seen_head = word[REQUEST_HEAD] }
        of_client!CLIENT_ASLEEP, place;          /* S1 */
        empty(of_client) || BROKEN_NO_FENCE_AT_WAIT;
        if
        :: is_ready && !BROKEN_NO_SECOND_LOOK    /* S2 */
        :: !(is_ready) || BROKEN_NO_SECOND_LOOK ->
#if BROKEN_VALUE_LATE
            d_step { seen_tail = word[REPLY_TAIL]; seen_head = word[REQUEST_HEAD] }
#endif
            atomic {                             /* S3 */
                if
                :: (place == ON_REPLIES || !BROKEN_SLEEPS_ON_HEAD) && word[REPLY_TAIL] != seen_tail
                :: place == ON_ROOM && word[REQUEST_HEAD] != seen_head
                :: else -> futex = place
                fi
            }
            futex == NOTHING || is_broker_gone;
            futex = NOTHING
        fi;
        d_step { seen_tail = 0; seen_head = 0 }
        of_client!CLIENT_ASLEEP, NOTHING
    od
}

proctype client() {
    byte sent, answered, reply, tail = FIRST_INDEX, head = FIRST_INDEX, seen_tail, seen_head;

    {
        do
        :: sent < REQUESTS ->
            if                                   /* P1 */
            :: HAS_ROOM ->
                sent++;
#if BROKEN_INDEX_FIRST
                of_client!REQUEST_TAIL, NEXT(tail);
#endif
                of_client!REQUEST(tail), sent;   /* P2 */
                of_client!REQUEST(tail) + 1, sent;
                tail = NEXT(tail);
#if !BROKEN_INDEX_FIRST
                of_client!REQUEST_TAIL, tail;    /* P3 */
#endif
                ring()
            :: else ->
                if :: HAS_REPLY -> take_reply() :: else fi;
                wait(ON_ROOM, (HAS_ROOM || HAS_REPLY));
                if :: is_broker_gone -> break :: else fi
            fi
        :: sent == REQUESTS && answered < REQUESTS ->
            wait(ON_REPLIES, HAS_REPLY);
            if :: HAS_REPLY -> take_reply() :: else -> break fi
        :: answered == REQUESTS -> break
        od
    } unless { client_dies };
    atomic { is_client_gone = true; futex = NOTHING };
    close_ordered = true;      /* by the reactor, which detects that the socket was closed */
#if !BROKEN_CLOSE_WITHOUT_NUDGE
    bell = true
#endif
}

/* --- the broker --- */

#define HAS_REQUEST (word[REQUEST_TAIL] != head)
#define CAN_REPLY (COUNT(tail, word[REPLY_HEAD]) < REPLY_ROOM)
#define CAN_TAKE (held == 0 && HAS_REQUEST && CAN_REPLY)
#define CAN_RELEASE (held != 0 && CAN_REPLY)

inline put_reply(number) {
    of_broker!REPLY, number;
    of_broker!REPLY + 1, number;
    d_step { tail = NEXT(tail); is_touched = true }
}

inline sleep() {
#if !BROKEN_SLEEP_FLAG_LATE
    of_broker!BROKER_ASLEEP, 1;
    empty(of_broker) || BROKEN_NO_FENCE_AT_SLEEP;
#endif
    if                                           /* has_work */
    :: CAN_TAKE || CAN_RELEASE || close_ordered
    :: else ->
        is_held_up = HAS_REQUEST || held != 0;
#if BROKEN_SLEEP_FLAG_LATE
        of_broker!BROKER_ASLEEP, 1;
        empty(of_broker);
#endif
        if                                       /* epoll_wait */
        :: bell -> bell = false
        :: is_held_up && (CAN_TAKE || CAN_RELEASE)  /* each millisecond; harmless if nothing is due */
        fi;
        is_held_up = false
    fi;
    of_broker!BROKER_ASLEEP, 0
}

proctype broker() {
    byte taken, head = FIRST_INDEX, tail = FIRST_INDEX, held, request, place;
    bool is_touched, is_held_up;

    {
        do
        :: close_ordered -> break                /* Engine::close: the memory is released */
        :: else ->
            if :: CAN_RELEASE -> put_reply(held); held = 0 :: else fi;
            do
            :: CAN_TAKE ->                       /* C1 */
#if BROKEN_ROOM_FIRST
                of_broker!REQUEST_HEAD, NEXT(head);
#endif
                request = word[REQUEST(head)];   /* C2 */
                assert(request == taken + 1);
                assert(request == word[REQUEST(head) + 1]);
                d_step { taken++; head = NEXT(head); is_touched = true }
                if :: put_reply(request) :: held = request fi;
                request = 0
            :: else -> break
            od;
            if
            :: is_touched ->                     /* finish_turn */
                is_touched = false;
                of_broker!REPLY_TAIL, tail;      /* W1 */
                of_broker!REQUEST_HEAD, head;    /* C3 */
                empty(of_broker) || BROKEN_NO_FENCE_AT_WAKE;
                place = word[CLIENT_ASLEEP];     /* W2 */
                d_step { futex = (futex == place -> NOTHING : futex); place = NOTHING }
            :: else -> sleep()
            fi
        od
    } unless { broker_dies };
    is_broker_gone = true
}

/* The processor empties the buffers, even of a dead process. */
proctype memory() {
    byte place, value;
    do
    :: atomic { of_client?place, value -> word[place] = value; place = 0; value = 0 }
    :: atomic { of_broker?place, value -> word[place] = value; place = 0; value = 0 }
    :: is_client_gone && is_broker_gone && empty(of_client) && empty(of_broker) -> break
    od
}

proctype death() {
    if
    :: client_dies = true
    :: broker_dies = true
    :: true
    fi
}

init {
    d_step {
        word[REQUEST_TAIL] = FIRST_INDEX; word[REQUEST_HEAD] = FIRST_INDEX;
        word[REPLY_TAIL] = FIRST_INDEX; word[REPLY_HEAD] = FIRST_INDEX
    }
    atomic { run client(); run broker(); run memory(); run death() }
}
