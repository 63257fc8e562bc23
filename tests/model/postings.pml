/* Postings of a secondary index whose places are reused: shm/index/value_index.hpp (steps W1..W3,
 * R2), on the engine's side broker/engine/value_index_writer.cpp (`insert`, `end`, `release`), on
 * the reader's side shm/index/value_index_reader.cpp (`for_each_posting`, `count_of`).
 *
 * Memory order is that of C++, for one writer. A reader may load any store of a word that is not
 * older than the stores it has seen. Three steps make stores visible:
 *   - a relaxed load followed by an acquire fence: the stores before the release fence that
 *     preceded the loaded store;
 *   - an acquire load of a release store: all stores before that store, at once;
 *   - publication: all stores before it.
 *
 *   here              in the code
 *   begin, end        ValueIndexWriter::insert and end, before their revision is published
 *   free              ValueIndexWriter::release, by Grid::Impl::drain: no pin is before `to`
 *   CHANGE, DONE      ChunkChange: the chunk's number of changes is odd, then even again
 *   reader            Snapshot, and ValueIndexReader::find or count under it; pins are those of
 *                     pins.pml
 *
 * One place holds a record from revision 1 until before 2, another record from 3 until before 4,
 * and the first again from 5. Asserted: a reader gets the state of its revision from the place, at
 * any time. If the chunk's header suffices to count without reading postings, that count is also
 * right.
 *
 * Variants, each with a part of the assertion that it violates:
 * BROKEN_NO_SECOND_LOOK   `(taken==`    `from` is not loaded again
 * BROKEN_NO_WRITER_FENCE  `(taken>0)==` the release fence of W2 is omitted
 * BROKEN_NO_READER_FENCE  `(taken>0)==` the acquire fence of R2 is omitted
 * BROKEN_NOT_FREED        `(taken==`    W3 does not store `no_revision`
 * BROKEN_FREED_EARLY      `(taken==`    W3 does not wait for readers
 * BROKEN_NO_SECOND_COUNT  `(taken>0)==` `changes` is not loaded again
 * BROKEN_COUNT_NOT_MARKED `(taken>0)==` `changes` is not made odd before a change
 * BROKEN_ENDED_COUNT      `(taken>0)==` postings that have ended are counted
 * BROKEN_NEWER_COUNT      `(taken>0)==` postings that begin after the revision are counted
 */
#define FREE 255               /* no_revision */
#define STORES 16
#define FROM 0
#define TO 1
#define RECORD 2
#define CHANGES 3
#define USED 4
#define ENDED 5
#define NEWEST_FROM 6
#define WORDS 7
#define NO_PIN 255
#define LAST 5                 /* revision */

typedef Store { byte value; byte number; byte covers };
typedef Word { Store store[STORES]; byte count };
Word word[WORDS];

byte number;                   /* of the writer's last store */
byte fenced;                   /* its stores before the last release fence */
byte published, published_covers;
byte pin = NO_PIN;

#define NEWEST(w) word[w].store[word[w].count - 1].value

inline put_telling(w, what, told) {
    atomic {
        number++;
        word[w].store[word[w].count].value = what;
        word[w].store[word[w].count].number = number;
        word[w].store[word[w].count].covers = told;
        word[w].count++
    }
}
inline put(w, what) { put_telling(w, what, fenced) }
inline put_release(w, what) { put_telling(w, what, number) }

#if BROKEN_COUNT_NOT_MARKED
#define MARK skip
#else
#define MARK put(CHANGES, NEWEST(CHANGES) + 1)
#endif
#if BROKEN_NO_WRITER_FENCE
#define CHANGE MARK
#else
#define CHANGE MARK; fenced = number
#endif
#define DONE put_release(CHANGES, (NEWEST(CHANGES) / 2) * 2 + 2)

inline publish(revision) { atomic { published = revision; published_covers = number } }
inline begin(record, revision) {
    CHANGE;
    put(USED, 1);
    put(NEWEST_FROM, revision);
    put(TO, FREE);
    put(RECORD, record);
    put(FROM, revision);
    DONE;
    publish(revision)
}
inline end(revision) {
    CHANGE;
    put(TO, revision);
    put(ENDED, 1);
    DONE;
    publish(revision)
}
inline free() {
#if !BROKEN_FREED_EARLY
    (pin == NO_PIN || pin >= NEWEST(TO));
#endif
    CHANGE;
#if !BROKEN_NOT_FREED
    put(FROM, FREE);
#endif
    put(USED, 0);
    put(ENDED, 0);
    DONE
}

active proctype writer() {
    put(FROM, FREE);
    put(TO, 0);
    put(RECORD, 0);
    put(USED, 0);
    put(ENDED, 0);
    put(NEWEST_FROM, 0);
    put(CHANGES, 0);
    begin(1, 1);
    end(2);
    free();
    begin(2, 3);
    end(4);
    free();
    begin(1, 5)
}

/* The last store of each word that the reader loaded: it loads no older one. */
byte seen[WORDS];
byte awaited;                  /* stores that the next acquire fence makes visible */

inline learn(known) {
    w = 0;
    do
    :: w < WORDS ->
        do
        :: seen[w] + 1 < word[w].count && word[w].store[seen[w] + 1].number <= known -> seen[w]++
        :: else -> break
        od;
        w++
    :: else -> break
    od
}
inline load(which, into) {
    atomic {
        do
        :: seen[which] + 1 < word[which].count -> seen[which]++
        :: break
        od;
        into = word[which].store[seen[which]].value;
        if
        :: word[which].store[seen[which]].covers > awaited -> awaited = word[which].store[seen[which]].covers
        :: else
        fi
    }
}

inline load_acquire(which, into) {
    atomic { load(which, into); learn(word[which].store[seen[which]].covers) }
}

#define TRUTH (at == 1 -> 1 : (at == 3 -> 2 : (at == LAST -> 1 : 0)))

inline look_at_place() {
    taken = 0;
    load(FROM, from);
    if
    :: from <= at ->
        load(TO, to);
        load(RECORD, record);
#if !BROKEN_NO_READER_FENCE
        atomic { learn(awaited) };
#endif
#if BROKEN_NO_SECOND_LOOK
        again = from;
#else
        load(FROM, again);
#endif
        if
        :: to > at && again == from -> taken = record
        :: else
        fi
    :: else
    fi;
    assert(taken == TRUTH)
}

inline count_by_chunk() {
    load_acquire(CHANGES, from);
    load(USED, taken);
    load(ENDED, record);
    load(NEWEST_FROM, to);
#if BROKEN_ENDED_COUNT
    record = 0;
#endif
#if BROKEN_NEWER_COUNT
    to = 0;
#endif
#if !BROKEN_NO_READER_FENCE
    atomic { learn(awaited) };
#endif
#if BROKEN_NO_SECOND_COUNT
    again = from;
#else
    load(CHANGES, again);
#endif
    if
    :: from % 2 == 0 && again == from && record == 0 && to <= at -> assert((taken > 0) == (TRUTH > 0))
    :: else
    fi
}

active proctype reader() {
    byte at, from, to, record, again, w, rounds, taken;
    (word[CHANGES].count > 0);
    do
    :: rounds < 2 ->
        rounds++;
        atomic { at = published; pin = published; learn(published_covers) };
        if
        :: look_at_place()
        :: count_by_chunk()
        fi;
        atomic { pin = NO_PIN; at = 0; from = 0; to = 0; record = 0; again = 0; w = 0; taken = 0 }
    :: else -> break
    od
}
