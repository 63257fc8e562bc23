#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "broker/store/stored_record.hpp"
#include "shm/base/errc.hpp"

namespace rocksdb {
class Env;
}

namespace ringside::broker {

/// The records of one grid on disk: RocksDB in a directory, with a file `STORE` alongside it. The
/// file names the grid and the format, and is readable without opening the database.
///
///   key: the record's name; keys that start with a zero byte are the store's own
///   value: checksum (XXH3, of name and the rest) | revision | version | expiry, Unix ms |
///          update time, Unix ns | document
///          all little endian, 8 bytes each; the document is a FlexBuffer as in the segment
///   "\0revision": the revision that the store has reached, written in every batch
///
/// A batch is written completely or not at all, so that a store always equals the grid at one
/// revision. Thread safety: none.
class Store {
public:
    static constexpr std::uint32_t format = 2;

    /// Contents of the file `STORE`.
    struct Identity {
        std::uint32_t format = Store::format;
        std::string grid;
        std::uint64_t id = 0;            ///< random, unique to each store
        std::uint64_t ring_entries = 0;  ///< ring size: how far revisions may be ahead
    };

    struct Options {
        std::string directory;
        std::string grid;                     ///< owner; a new store is created for this grid
        std::uint64_t ring_entries = 0;       ///< of the grid that will write to it
        rocksdb::Env* environment = nullptr;  ///< for tests: the file system; null = the real one
    };

    /// Reads the identity. Errors: not_found (there is no store), store_damaged, store_format (of a
    /// newer release), system_error.
    static Result<Identity> identify(const std::string& directory);

    /// Like `identify`, for a store that must belong to `grid`. Additional error: store_mismatch.
    static Result<Identity> identify(const std::string& directory, const std::string& grid);

    /// Opens the store for writing. Creates directory and store if they do not exist.
    /// Errors: those of `identify`, store_mismatch (another grid's), store_in_use (by another
    /// process), store_damaged, store_failed (the disk), permission_denied.
    static Result<Store> open(const Options& options);

    /// Checks that the disk accepts the writes that opening a store needs. Error: store_failed.
    static Result<void> probe(const Options& options);

    /// Makes the store one of the grid `grid`, under a new id: no segment has followed it so far.
    /// Errors: not_found, those of `open`; store_damaged if the store was not written to its end.
    static Result<Store> rename(const std::string& directory, const std::string& grid);

    /// Opens the store for reading. Another process may be writing to it.
    static Result<Store> open_read_only(const std::string& directory);

    Store(Store&&) noexcept;
    Store& operator=(Store&&) noexcept;
    ~Store();

    [[nodiscard]] const Identity& identity() const noexcept;
    [[nodiscard]] Revision revision() const noexcept;  ///< last revision in the store
    /// Returns whether opening created the store.
    [[nodiscard]] bool is_new() const noexcept;
    /// The data lost when the store was opened, for the log; empty: none.
    [[nodiscard]] const std::string& warning() const noexcept;

    /// Adds to the batch under construction.
    void put(const StoredRecord& record);
    void erase(std::string_view name);
    [[nodiscard]] std::size_t batch_bytes() const noexcept;

    /// Writes the batch with the revision that it reaches. With `sync`, it is on disk afterwards.
    /// Error: store_failed, with the system's message. The contents are then unknown, and the store
    /// must be opened again.
    Result<void> write(Revision reached, bool sync);

    /// Discards all records for a complete rewrite: call `put` and `write_part` as often as needed,
    /// then `finish_recreation`. Until then the store is incomplete, and no grid can start from it.
    Result<void> recreate();
    Result<void> write_part();
    Result<void> finish_recreation(Revision reached);
    [[nodiscard]] bool is_incomplete() const noexcept;

    /// Result of a pass over all records.
    struct Summary {
        std::uint64_t records = 0;
        std::uint64_t damaged = 0;  ///< records that failed their checks
        std::uint64_t gaps = 0;     ///< parts of the store that could not be read
    };
    using OnRecord = std::function<Result<void>(const StoredRecord&)>;
    /// Receives what cannot be used, and why: the name of a record, or the start of a gap.
    using OnDamage = std::function<void(std::string_view what, const std::string& why)>;

    /// Visits all records in name order. Damaged parts are reported and skipped.
    /// Errors: those of `each`, which end the pass.
    Result<Summary> read(const OnRecord& each, const OnDamage& damaged) const;

    /// Verifies the checksums of all files. Errors: store_damaged, store_failed.
    Result<void> verify_files() const;

private:
    class Impl;
    explicit Store(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace ringside::broker
