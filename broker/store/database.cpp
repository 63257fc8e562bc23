#include "broker/store/database.hpp"

#include <rocksdb/memtablerep.h>
#include <rocksdb/table.h>
#include <spdlog/spdlog.h>

#include <array>
#include <cstdarg>
#include <cstdio>

namespace ringside::broker {

namespace {

constexpr std::size_t memtable_bytes = 64ULL << 20;

/// What RocksDB has to say goes into our log. (Its own log file is one more thing that can fail on
/// a full disk, and it does not take that well.)
class LogForwarder : public rocksdb::Logger {
public:
    LogForwarder() : Logger(rocksdb::ERROR_LEVEL) {}
    using Logger::Logv;
    void Logv(const char* format, va_list arguments) override {
        Logv(rocksdb::INFO_LEVEL, format, arguments);
    }
    void Logv(rocksdb::InfoLogLevel level, const char* format, va_list arguments) override {
        if (level < rocksdb::ERROR_LEVEL || level == rocksdb::HEADER_LEVEL) return;
        std::array<char, 512> text{};
        std::vsnprintf(text.data(), text.size(), format, arguments);
        spdlog::error("the store's database: {}", text.data());
    }
};

}  // namespace

std::string database_of(const std::string& directory) { return directory + "/db"; }

rocksdb::Options options_of(rocksdb::Env* environment) {
    rocksdb::Options options;
    options.info_log = std::make_shared<LogForwarder>();
    if (environment != nullptr) options.env = environment;
    // Appended to, sorted when it is full: nothing is looked up while the grid runs.
    options.memtable_factory = std::make_shared<rocksdb::VectorRepFactory>();
    options.allow_concurrent_memtable_write = false;
    options.write_buffer_size = memtable_bytes;
    options.max_background_jobs = 2;
    options.bytes_per_sync = 1U << 20;
    // Documents as they are: a damaged byte damages one record, and its name can still be read.
    options.compression = rocksdb::kNoCompression;
    options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
    rocksdb::BlockBasedTableOptions table;
    table.checksum = rocksdb::kXXH3;
    table.block_size = 16U << 10;
    table.no_block_cache = true;
    options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
    return options;
}

Error error_of(const rocksdb::Status& status, const std::string& directory) {
    const std::string detail = directory + ": " + status.ToString();
    if (status.IsCorruption()) return {Errc::store_damaged, detail};
    if (status.ToString().find("lock ") != std::string::npos && status.IsIOError()) {
        return {Errc::store_in_use, detail};
    }
    return {Errc::store_failed, detail};
}

}  // namespace ringside::broker
