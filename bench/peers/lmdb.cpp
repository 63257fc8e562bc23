#include "bench/peers/lmdb.hpp"

#include <stdexcept>

namespace ringside::bench {

namespace {

void check(int code) {
    if (code != MDB_SUCCESS) throw std::runtime_error(std::string("LMDB: ") + mdb_strerror(code));
}

MDB_val value_of(std::string_view text) { return {text.size(), const_cast<char*>(text.data())}; }

ByteView bytes_of(const MDB_val& value) {
    return {static_cast<const std::uint8_t*>(value.mv_data), value.mv_size};
}

/// A transaction that `commit` commits; aborted at the end of the scope otherwise.
class WriteTransaction {
public:
    explicit WriteTransaction(MDB_env* environment) {
        check(mdb_txn_begin(environment, nullptr, 0, &transaction_));
    }
    ~WriteTransaction() {
        if (transaction_ != nullptr) mdb_txn_abort(transaction_);
    }
    WriteTransaction(const WriteTransaction&) = delete;
    WriteTransaction& operator=(const WriteTransaction&) = delete;
    void commit() { check(mdb_txn_commit(std::exchange(transaction_, nullptr))); }
    MDB_txn* operator*() const { return transaction_; }

private:
    MDB_txn* transaction_ = nullptr;
};

/// A read transaction of the currently committed state, for a scope.
class Renewed {
public:
    explicit Renewed(MDB_txn* transaction) : transaction_(transaction) {
        check(mdb_txn_renew(transaction_));
    }
    ~Renewed() { mdb_txn_reset(transaction_); }
    Renewed(const Renewed&) = delete;
    Renewed& operator=(const Renewed&) = delete;

private:
    MDB_txn* transaction_;
};

}  // namespace

Lmdb::Lmdb(const std::string& directory, std::size_t records)
    : directory_(directory), records_(records) {
    check(mdb_env_create(&environment_));
    check(mdb_env_set_mapsize(environment_, (64ULL << 20) + records * 1024));
    check(mdb_env_open(environment_, directory.c_str(), MDB_NOSYNC | MDB_WRITEMAP | MDB_NORDAHEAD,
                       0600));
    WriteTransaction transaction(environment_);
    check(mdb_dbi_open(*transaction, nullptr, 0, &database_));
    transaction.commit();
    check(mdb_txn_begin(environment_, nullptr, MDB_RDONLY, &reader_));
    mdb_txn_reset(reader_);
}

Lmdb::~Lmdb() {
    mdb_txn_abort(reader_);
    mdb_env_close(environment_);
}

void Lmdb::put(MDB_txn* transaction, std::string_view name, ByteView document) const {
    MDB_val key = value_of(name);
    MDB_val value{document.size(), const_cast<std::uint8_t*>(document.data())};
    check(mdb_put(transaction, database_, &key, &value, 0));
}

ByteView Lmdb::get(std::string_view name) const {
    MDB_val key = value_of(name);
    MDB_val value;
    check(mdb_get(reader_, database_, &key, &value));
    return bytes_of(value);
}

void Lmdb::fill(std::size_t records) {
    WriteTransaction transaction(environment_);
    for (std::size_t i = 0; i < records; ++i)
        put(*transaction, name_of(i), document_from_json(json_of(i)).value());
    transaction.commit();
}

std::int64_t Lmdb::read(Names names) {
    std::int64_t sum = 0;
    for (const std::string_view name : names) {
        const Renewed now(reader_);
        sum += price_in(get(name));
    }
    return sum;
}

std::int64_t Lmdb::read_many(Names names) {
    std::int64_t sum = 0;
    for (std::size_t i = 0; i < names.size(); i += batch_size) {
        const Renewed now(reader_);
        for (std::size_t k = i; k < std::min(i + batch_size, names.size()); ++k)
            sum += price_in(get(names[k]));
    }
    return sum;
}

std::int64_t Lmdb::scan() {
    const Renewed now(reader_);
    MDB_cursor* cursor = nullptr;
    check(mdb_cursor_open(reader_, database_, &cursor));
    const std::unique_ptr<MDB_cursor, void (*)(MDB_cursor*)> closer(cursor, mdb_cursor_close);
    std::int64_t sum = 0;
    MDB_val key;
    MDB_val value;
    while (mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == MDB_SUCCESS)
        sum += sold_in(bytes_of(value));
    return sum;
}

void Lmdb::write(Names names, std::span<const Bytes> documents) {
    for (std::size_t i = 0; i < names.size(); ++i) {
        WriteTransaction transaction(environment_);
        put(*transaction, names[i], documents[i % documents.size()]);
        transaction.commit();
    }
}

void Lmdb::write_pipelined(Names names, std::span<const Bytes> documents) {
    in_batches(names, documents, [&](Names batch, const auto& document) {
        WriteTransaction transaction(environment_);
        for (std::size_t k = 0; k < batch.size(); ++k) put(*transaction, batch[k], document(k));
        transaction.commit();
    });
}

std::unique_ptr<Peer> Lmdb::open_again() const {
    return std::make_unique<Lmdb>(directory_, records_);
}

double Lmdb::bytes_used() const {
    const Renewed now(reader_);
    MDB_stat statistics;
    check(mdb_stat(reader_, database_, &statistics));
    return static_cast<double>(
        (statistics.ms_branch_pages + statistics.ms_leaf_pages + statistics.ms_overflow_pages) *
        statistics.ms_psize);
}

}  // namespace ringside::bench
