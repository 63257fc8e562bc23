#include "broker/store/store.hpp"

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>
#include <sys/stat.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <set>

#include "broker/store/database.hpp"
#include "broker/store/store_identity.hpp"
#include "broker/store/stored_value.hpp"
#include "broker/store/unverified_reader.hpp"

namespace ringside::broker {

namespace {

/// The store's own keys sort before all names, because names contain no control characters.
constexpr std::string_view revision_key{"\0revision", 9};
constexpr std::string_view incomplete_key{"\0incomplete", 11};
constexpr char own_key_mark = '\0';

/// Upper bound of what opening a store writes.
constexpr std::size_t probe_bytes = 4ULL << 20;
constexpr std::size_t readahead_bytes = 4ULL << 20;

std::array<std::uint64_t, 2> revision_value(Revision revision) {
    return {revision, XXH3_64bits(&revision, sizeof revision)};
}

}  // namespace

class Store::Impl {
public:
    Result<void> begin(const Options& options);
    Result<void> begin_read_only(const std::string& directory);
    Result<Summary> read(const OnRecord& each, const OnDamage& damaged) const;

    void put(const StoredRecord& record) {
        const ValueHeader header = header_of(record);
        const rocksdb::Slice key = slice_of(record.name);
        const rocksdb::Slice parts[2] = {
            {reinterpret_cast<const char*>(&header), sizeof header},
            {reinterpret_cast<const char*>(record.document.data()), record.document.size()}};
        batch_.Put({&key, 1}, {parts, 2});
    }
    void erase(std::string_view name) { batch_.Delete(slice_of(name)); }
    [[nodiscard]] std::size_t batch_bytes() const { return batch_.GetDataSize(); }

    Result<void> recreate() {
        batch_.Clear();
        batch_.Put(slice_of(incomplete_key), "");
        // The range starts after the store's own keys and contains all names.
        batch_.DeleteRange("\1", "\xff\xff");
        is_incomplete_ = true;
        return commit(true);
    }
    Result<void> finish_recreation(Revision reached) {
        batch_.Delete(slice_of(incomplete_key));
        auto written = write(reached, true);
        if (written) is_incomplete_ = false;
        return written;
    }
    Result<void> write_part() { return commit(false); }
    [[nodiscard]] bool is_incomplete() const noexcept { return is_incomplete_; }

    Result<void> write(Revision reached, bool sync) {
        const auto value = revision_value(reached);
        batch_.Put(slice_of(revision_key),
                   {reinterpret_cast<const char*>(value.data()), sizeof value});
        auto written = commit(sync);
        if (written) revision_ = reached;
        return written;
    }

    Result<void> verify_files() const {
        rocksdb::ReadOptions how;
        how.readahead_size = readahead_bytes;
        const auto status = guarded([&] { return database_->VerifyChecksum(how); });
        if (!status.ok()) return error_of(status, directory_);
        return {};
    }

    Identity identity;
    std::string warning;
    bool was_made = false;
    [[nodiscard]] Revision revision() const noexcept { return revision_; }

private:
    using Iterator = std::unique_ptr<rocksdb::Iterator>;

    Result<void> commit(bool sync) {
        rocksdb::WriteOptions how;
        how.sync = sync;
        const auto status = guarded([&] { return database_->Write(how, &batch_); });
        batch_.Clear();
        if (!status.ok()) return Error(Errc::store_failed, status.ToString());
        return {};
    }
    Result<void> make_directory() const;
    Result<void> open_database(const Options& options, bool is_new);
    Result<void> read_revision();
    [[nodiscard]] Iterator iterate(bool verify_checksums) const;
    /// State of a pass over all records.
    struct Pass {
        Summary summary;
        std::string last;                     ///< last key visited
        std::vector<std::uint64_t> document;  ///< in words: a document is aligned to 8
        const OnRecord* each;
        const OnDamage* damaged;
    };
    static Result<void> take(std::string_view name, std::string_view value, Pass& pass);
    /// Returns whether it reached the end.
    Result<bool> read_unverified(Pass& pass) const;
    [[nodiscard]] std::set<std::string> boundaries_after(const std::string& key) const;

    std::string directory_;
    std::unique_ptr<rocksdb::DB> database_;
    rocksdb::WriteBatch batch_;
    Revision revision_ = 0;
    bool is_incomplete_ = false;
};

Result<void> Store::Impl::make_directory() const {
    std::error_code failure;
    std::filesystem::create_directories(directory_, failure);
    if (failure) {
        const bool is_denied =
            failure == std::errc::permission_denied || failure == std::errc::read_only_file_system;
        return Error(is_denied ? Errc::permission_denied : Errc::system_error,
                     directory_ + ": " + failure.message());
    }
    for (const auto& entry : std::filesystem::directory_iterator(directory_, failure)) {
        const std::string found = entry.path().filename().string();
        // Files of a store whose creation was interrupted by the death of its broker.
        if (found == "db" || found == "STORE.new" || found == "PROBE" || found == "lost+found")
            continue;
        return Error(Errc::store_mismatch,
                     directory_ + " is not empty and holds no store; it holds '" + found + "'");
    }
    if (failure) return Error(Errc::permission_denied, directory_ + ": " + failure.message());
    // RocksDB would create this directory, too, but logs an error before it does.
    std::filesystem::create_directory(database_of(directory_), failure);
    if (failure) return Error(Errc::permission_denied, directory_ + ": " + failure.message());
    return {};
}

Result<void> Store::Impl::open_database(const Options& options, bool is_new) {
    rocksdb::Options how = options_of(options.environment);
    how.create_if_missing = is_new;
    const std::string path = database_of(directory_);
    rocksdb::DB* opened = nullptr;
    auto status = guarded([&] { return rocksdb::DB::Open(how, path, &opened); });
    if (status.IsCorruption()) {
        // The log of the last writes is damaged: recover the changes before the damage.
        how.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
        const std::string why = status.ToString();
        status = guarded([&] { return rocksdb::DB::Open(how, path, &opened); });
        if (status.ok()) warning = "log is damaged; changes after the damage are lost: " + why;
    }
    if (!status.ok()) return error_of(status, directory_);
    database_.reset(opened);
    return {};
}

Result<void> Store::Impl::begin(const Options& options) {
    directory_ = options.directory;
    auto known = identify(directory_, options.grid);
    const bool is_new = !known && known.error() == Errc::not_found;
    was_made = is_new;
    if (!known && !is_new) return known.error();
    if (is_new) {
        if (auto made = make_directory(); !made) return made;
    }
    if (auto opened = open_database(options, is_new); !opened) return opened;
    if (auto got = read_revision(); !got) return got;
    if (is_new && revision_ != 0) {
        return Error(Errc::store_damaged, directory_ + ": the file STORE is missing");
    }
    identity = is_new ? Identity{format, options.grid, new_store_id(), 0} : *known;
    const bool is_current = identity.format == format;
    if (identity.ring_entries == options.ring_entries && is_current && !is_new) return {};
    identity.format = format;  // older releases cannot read new data
    // Keep the larger size until the next write: existing data came from the other ring.
    identity.ring_entries = std::max(identity.ring_entries, options.ring_entries);
    return write_identity(directory_, identity);
}

Result<void> Store::Impl::begin_read_only(const std::string& directory) {
    directory_ = directory;
    auto known = identify(directory);
    if (!known) return known.error();
    identity = *known;
    rocksdb::DB* opened = nullptr;
    rocksdb::Options how = options_of(nullptr);
    how.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
    const auto status =
        guarded([&] { return rocksdb::DB::OpenForReadOnly(how, database_of(directory), &opened); });
    if (!status.ok()) return error_of(status, directory);
    database_.reset(opened);
    return read_revision();
}

Result<void> Store::Impl::read_revision() {
    std::string value;
    is_incomplete_ =
        guarded([&] {
            return database_->Get(rocksdb::ReadOptions(), slice_of(incomplete_key), &value);
        }).ok();
    const auto status = guarded(
        [&] { return database_->Get(rocksdb::ReadOptions(), slice_of(revision_key), &value); });
    if (status.IsNotFound()) return {};
    std::array<std::uint64_t, 2> words{};
    if (status.ok() && value.size() == sizeof words) {
        std::memcpy(words.data(), value.data(), sizeof words);
        if (words == revision_value(words[0])) {
            revision_ = words[0];
            return {};
        }
    } else if (!status.ok() && !status.IsCorruption()) {
        return error_of(status, directory_);
    }
    // Damaged: the newest record gives a lower bound of the store's revision.
    auto read_all = read(
        [&](const StoredRecord& record) -> Result<void> {
            revision_ = std::max(revision_, record.revision);
            return {};
        },
        [](std::string_view, const std::string&) {});
    if (!read_all) return read_all.error();
    warning = "recorded revision is damaged; continuing from the revision of the newest record";
    return {};
}

Store::Impl::Iterator Store::Impl::iterate(bool verify_checksums) const {
    rocksdb::ReadOptions how;
    how.verify_checksums = verify_checksums;
    how.fill_cache = false;
    how.readahead_size = readahead_bytes;
    return Iterator(database_->NewIterator(how));
}

/// Checks one entry of the database, and passes it on.
Result<void> Store::Impl::take(std::string_view name, std::string_view value, Pass& pass) {
    if (!name.empty() && name.front() == own_key_mark) return {};
    const auto record = read_value(name, value, pass.document);
    if (!record) {
        const Error& error = record.error();
        ++pass.summary.damaged;
        (*pass.damaged)(name, error == Errc::store_damaged ? error.detail : error.text());
        return {};
    }
    ++pass.summary.records;
    return (*pass.each)(*record);
}

std::set<std::string> Store::Impl::boundaries_after(const std::string& key) const {
    std::vector<rocksdb::LiveFileMetaData> files;
    database_->GetLiveFilesMetaData(&files);
    std::set<std::string> keys;
    for (const auto& file : files) {
        if (file.smallestkey > key) keys.insert(file.smallestkey);
        if (file.largestkey > key) keys.insert(file.largestkey);
    }
    return keys;
}

/// How to read past damage:
///   1  read with the checksums of RocksDB's blocks, as long as they match
///   2  from a damaged block on, read without them, in a separate process, because RocksDB may
///      crash when it parses such a block; each record has its own checksum
///   3  where that process ends, continue with step 1 from the next name at which a file starts or
///      ends
Result<Store::Summary> Store::Impl::read(const OnRecord& each, const OnDamage& damaged) const {
    Pass pass{{}, {}, {}, &each, &damaged};
    std::string from;
    for (;;) {
        Result<void> done;
        const auto place = iterate(true);
        const auto status = guarded([&] {
            for (place->Seek(from); place->Valid() && done; place->Next()) {
                pass.last.assign(view_of(place->key()));
                done = take(pass.last, view_of(place->value()), pass);
            }
            return place->status();
        });
        if (!done) return done.error();
        if (status.ok()) return pass.summary;
        if (!status.IsCorruption()) return error_of(status, directory_);
        auto is_at_end = read_unverified(pass);
        if (!is_at_end) return is_at_end.error();
        if (*is_at_end) return pass.summary;
        ++pass.summary.gaps;
        damaged(pass.last, "cannot read the records after this name: " + status.ToString());
        from = std::max(from, pass.last);
        const auto keys = boundaries_after(from);
        if (keys.empty()) return pass.summary;
        from = *keys.begin();
    }
}

Result<bool> Store::Impl::read_unverified(Pass& pass) const {
    const auto place = iterate(false);
    std::string after = pass.last;
    UnverifiedReader reader([&](const UnverifiedReader::Give& give) {
        place->Seek(after);
        if (!after.empty() && place->Valid() && view_of(place->key()) == after) place->Next();
        for (; place->Valid(); place->Next()) give(view_of(place->key()), view_of(place->value()));
        return place->status().ok();
    });
    while (const auto entry = reader.next()) {
        // A damaged index may lead to the same entries twice.
        if (!pass.last.empty() && entry->key <= pass.last) continue;
        pass.last.assign(entry->key);
        if (auto done = take(entry->key, entry->value, pass); !done) return done.error();
    }
    return reader.is_at_end();
}

Store::Store(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Store::Store(Store&&) noexcept = default;
Store& Store::operator=(Store&&) noexcept = default;
Store::~Store() = default;

Result<Store> Store::open(const Options& options) {
    auto impl = std::make_unique<Impl>();
    if (auto begun = impl->begin(options); !begun) return begun.error();
    return Store(std::move(impl));
}

Result<void> Store::probe(const Options& options) {
    rocksdb::Env* environment =
        options.environment == nullptr ? rocksdb::Env::Default() : options.environment;
    const std::string path = options.directory + "/PROBE";
    const std::string block(probe_bytes, '\0');
    const auto status = guarded(
        [&] { return rocksdb::WriteStringToFile(environment, rocksdb::Slice(block), path, true); });
    static_cast<void>(environment->DeleteFile(path));
    if (!status.ok()) return Error(Errc::store_failed, status.ToString());
    return {};
}

Result<Store> Store::open_read_only(const std::string& directory) {
    auto impl = std::make_unique<Impl>();
    if (auto begun = impl->begin_read_only(directory); !begun) return begun.error();
    return Store(std::move(impl));
}

Result<Store> Store::rename(const std::string& directory, const std::string& grid) {
    auto known = identify(directory);
    if (!known) return known.error();
    Options options;
    options.directory = directory;
    options.grid = known->grid;
    options.ring_entries = known->ring_entries;
    auto store = open(options);
    if (!store) return store;
    if (store->is_incomplete()) {
        return Error(Errc::store_damaged, directory + " is incomplete");
    }
    Identity& identity = store->impl_->identity;
    identity.grid = grid;
    identity.id = new_store_id();
    if (auto written = write_identity(directory, identity); !written) return written.error();
    return store;
}

const Store::Identity& Store::identity() const noexcept { return impl_->identity; }
Revision Store::revision() const noexcept { return impl_->revision(); }
bool Store::is_new() const noexcept { return impl_->was_made; }
const std::string& Store::warning() const noexcept { return impl_->warning; }
void Store::put(const StoredRecord& record) { impl_->put(record); }
void Store::erase(std::string_view name) { impl_->erase(name); }
std::size_t Store::batch_bytes() const noexcept { return impl_->batch_bytes(); }
Result<void> Store::write(Revision reached, bool sync) { return impl_->write(reached, sync); }
Result<void> Store::recreate() { return impl_->recreate(); }
Result<void> Store::write_part() { return impl_->write_part(); }
Result<void> Store::finish_recreation(Revision reached) {
    return impl_->finish_recreation(reached);
}
bool Store::is_incomplete() const noexcept { return impl_->is_incomplete(); }
Result<Store::Summary> Store::read(const OnRecord& each, const OnDamage& damaged) const {
    return impl_->read(each, damaged);
}
Result<void> Store::verify_files() const { return impl_->verify_files(); }

}  // namespace ringside::broker
