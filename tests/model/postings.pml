/* Postings of a secondary index whose places are used again: shm/index/value_index.hpp (steps W1..W3,
 * R2), on the engine's side broker/engine/value_index_writer.cpp (`insert`, `end`, `release`), on the
 * reader's shm/index/value_index_reader.cpp (`for_each_posting`).
 *
 * Memory order is that of C++, for one writer: a reader may take any store of a word that is not
 * older than what it knows of. All stores and loads are relaxed: a load tells of the stores before
 * the release fence that came before the store it took, at the next acquire fence. Publishing tells
 * of all stores before it.
 *
 *   here              in the code
 *   begin, end        ValueIndexWriter::insert and end, before their revision is published
 *   free              ValueIndexWriter::release, by Grid::Impl::drain: no pin is before `to`
 *   reader            Snapshot, and ValueIndexReader::find under it; pins are those of pins.pml
 *
 * One place holds a record from revision 1 on until before 2, another from 3 until before 4, the
 * first again from 5 on. Asserted: the reader takes from it what is true of its revision, whenever
 * it looks.
 *
 * Variants:
 * BROKEN_NO_SECOND_LOOK   assertion  `from` is not loaded again
 * BROKEN_NO_WRITER_FENCE  assertion  the release fence of W2 is left out
 * BROKEN_NO_READER_FENCE  assertion  the acquire fence of R2 is left out
 * BROKEN_NOT_FREED        assertion  W3 does not store `no_revision`
 * BROKEN_FREED_EARLY      assertion  W3 does not wait for readers
 */
#define FREE 255               /* no_revision */
#define STORES 8
#define FROM 0
#define TO 1
#define RECORD 2
#define WORDS 3
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

inline put(w, what) {
    atomic {
        number++;
        word[w].store[word[w].count].value = what;
        word[w].store[word[w].count].number = number;
        word[w].store[word[w].count].covers = fenced;
        word[w].count++
    }
}

inline publish(revision) { atomic { published = revision; published_covers = number } }
inline begin(record, revision) {
#if !BROKEN_NO_WRITER_FENCE
    fenced = number;
#endif
    put(TO, FREE);
    put(RECORD, record);
    put(FROM, revision);
    publish(revision)
}
inline end(revision) {
    put(TO, revision);
    publish(revision)
}
inline free() {
#if !BROKEN_FREED_EARLY
    (pin == NO_PIN || pin >= NEWEST(TO));
#endif
#if !BROKEN_NOT_FREED
    put(FROM, FREE)
#else
    skip
#endif
}

active proctype writer() {
    put(FROM, FREE);
    put(TO, 0);
    put(RECORD, 0);
    begin(1, 1);
    end(2);
    free();
    begin(2, 3);
    end(4);
    free();
    begin(1, 5)
}

/* The store that the reader took last, of each word: it takes no older one. */
byte seen[WORDS];
byte awaited;                  /* what its relaxed loads have told of */

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

active proctype reader() {
    byte at, from, to, record, again, w, rounds, taken;
    (word[RECORD].count > 0);
    do
    :: rounds < 2 ->
        rounds++;
        atomic { at = published; pin = published; learn(published_covers) };
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
        assert(taken == (at == 1 -> 1 : (at == 3 -> 2 : (at == LAST -> 1 : 0))));
        atomic { pin = NO_PIN; at = 0; from = 0; to = 0; record = 0; again = 0; w = 0 }
    :: else -> break
    od
}
