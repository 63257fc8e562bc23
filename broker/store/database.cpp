#include "broker/store/database.hpp"

#include <rocksdb/memtablerep.h>
#include <rocksdb/table.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <cstdarg>
#include <cstdio>

namespace ringside::broker {

namespace {

constexpr std::size_t memtable_bytes = 64ULL << 20;

/// Forwards the warnings and errors of RocksDB to the log of this process, one line each.
/// (RocksDB's own log file is one more file that can fail on a full disk, and RocksDB does not
/// handle that well.)
class LogForwarder : public rocksdb::Logger {
public:
    LogForwarder() : Logger(rocksdb::WARN_LEVEL) {}
    using Logger::Logv;
    void Logv(const char* format, va_list arguments) override {
        Logv(rocksdb::INFO_LEVEL, format, arguments);
    }
    void Logv(rocksdb::InfoLogLevel level, const char* format, va_list arguments) override {
        if (level < rocksdb::WARN_LEVEL || level == rocksdb::HEADER_LEVEL) return;
        std::array<char, 512> text{};
        std::vsnprintf(text.data(), text.size(), format, arguments);
        const bool is_warning = level == rocksdb::WARN_LEVEL;
        spdlog::log(is_warning ? spdlog::level::warn : spdlog::level::err, "store database: {}",
                    one_line(text.data()));
    }

private:
    static std::string one_line(std::string_view text) {
        const std::size_t end = text.find_last_not_of(" \r\n\t");
        std::string line(text.substr(0, end == std::string_view::npos ? 0 : end + 1));
        std::replace(line.begin(), line.end(), '\n', ' ');
        return line;
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
    // Without compression a damaged byte damages one record, and its name can still be read.
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
