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

/// The records of one grid on disk: RocksDB in a directory, with a file `STORE` beside it that says
/// whose they are and in which format, readable without opening the database.
///
///   key: the record's name; keys that begin with a zero byte are the store's own
///   value: checksum (XXH3, of name and the rest) | revision | version | expiry, Unix ms | document
///          all little endian, 8 bytes each; the document is a FlexBuffer as in the segment
///   "\0revision": the revision that the store has reached, written in every batch
///
/// A batch is there as a whole or not at all, so that a store is the grid at one revision always.
/// Thread safety: none.
class Store {
public:
    static constexpr std::uint32_t format = 2;

    /// What the file `STORE` says.
    struct Identity {
        std::uint32_t format = Store::format;
        std::string grid;
        std::uint64_t id = 0;            ///< random, one for each store
        std::uint64_t ring_entries = 0;  ///< of the grid's ring: how far revisions may be ahead
    };

    struct Options {
        std::string directory;
        std::string grid;                ///< whose it has to be; made for it if there is no store
        std::uint64_t ring_entries = 0;  ///< of the grid that is going to write to it
        rocksdb::Env* environment = nullptr;  ///< for tests: the file system; null = the real one
    };

    /// Reads the identity. Errors: not_found (there is no store), store_damaged, store_format
    /// (of a newer release), system_error.
    static Result<Identity> identify(const std::string& directory);

    /// As `identify`, for a store that has to belong to `grid`. Error, beside those:
    /// store_mismatch.
    static Result<Identity> identify(const std::string& directory, const std::string& grid);

    /// Opens the store for writing; makes directory and store if they are not there.
    /// Errors: those of `identify`, store_mismatch (another grid's), store_in_use (by another
    /// process), store_damaged, store_failed (the disk), permission_denied.
    static Result<Store> open(const Options& options);

    /// Whether the disk takes as much as opening a store needs. Error: store_failed.
    static Result<void> probe(const Options& options);

    /// Makes the store one of the grid `grid`, under a new id: no segment has followed it so far.
    /// Errors: not_found, those of `open`; store_damaged if the store was not written to its end.
    static Result<Store> rename(const std::string& directory, const std::string& grid);

    /// Opens it for reading; another process may be writing to it.
    static Result<Store> open_read_only(const std::string& directory);

    Store(Store&&) noexcept;
    Store& operator=(Store&&) noexcept;
    ~Store();

    [[nodiscard]] const Identity& identity() const noexcept;
    [[nodiscard]] Revision revision() const noexcept;  ///< that it has reached
    /// Whether it was not there before it was opened.
    [[nodiscard]] bool is_new() const noexcept;
    /// What had to be given up while it was opened, for the log; empty = nothing.
    [[nodiscard]] const std::string& warning() const noexcept;

    /// Adds to the batch under construction.
    void put(const StoredRecord& record);
    void erase(std::string_view name);
    [[nodiscard]] std::size_t batch_bytes() const noexcept;

    /// Writes the batch, with the revision that it reaches; `sync`: it is on the disk afterwards.
    /// Error: store_failed, with the disk's own words; then nothing can be said of what is there,
    /// and the store is to be opened again.
    Result<void> write(Revision reached, bool sync);

    /// Throws everything away, to be written anew: `put` and `write_part` as often as it takes,
    /// then `finish_anew`. Until then the store is incomplete, and nothing can begin from it.
    Result<void> begin_anew();
    Result<void> write_part();
    Result<void> finish_anew(Revision reached);
    [[nodiscard]] bool is_incomplete() const noexcept;

    /// What a pass over all records found.
    struct Summary {
        std::uint64_t records = 0;
        std::uint64_t damaged = 0;  ///< records that failed their checks
        std::uint64_t gaps = 0;     ///< parts of the store that could not be read at all
    };
    using OnRecord = std::function<Result<void>(const StoredRecord&)>;
    /// Is told what cannot be used, and why: the name of a record, or where a gap begins.
    using OnDamage = std::function<void(std::string_view what, const std::string& why)>;

    /// Goes over all records in the order of their names. What is damaged is told and left out.
    /// Errors: those of `each`, which end the pass.
    Result<Summary> read(const OnRecord& each, const OnDamage& damaged) const;

    /// Whether all files hold what they were written with. Error: store_damaged, store_failed.
    Result<void> verify_files() const;

private:
    class Impl;
    explicit Store(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace ringside::broker
