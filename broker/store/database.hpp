#pragma once

#include <rocksdb/db.h>

#include <exception>
#include <string>
#include <string_view>

#include "shm/base/errc.hpp"

/// The store's interface to RocksDB.
namespace ringside::broker {

inline rocksdb::Slice slice_of(std::string_view text) { return {text.data(), text.size()}; }
inline std::string_view view_of(const rocksdb::Slice& slice) {
    return {slice.data(), slice.size()};
}

/// Returns the path of a store's database.
[[nodiscard]] std::string database_of(const std::string& directory);

/// `environment`: the file system; null = the real one.
[[nodiscard]] rocksdb::Options options_of(rocksdb::Env* environment);

/// Returns store_damaged, store_in_use or store_failed, with RocksDB's message.
[[nodiscard]] Error error_of(const rocksdb::Status& status, const std::string& directory);

/// Converts exceptions to a Status. RocksDB reports with a Status, but a damaged file can still
/// make the standard library throw.
template <class Call>
rocksdb::Status guarded(const Call& call) {
    try {
        return call();
    } catch (const std::exception& failure) {
        return rocksdb::Status::Corruption(failure.what());
    }
}

}  // namespace ringside::broker
