#include "tools/kafka/source/batch_writer.hpp"

#include <algorithm>

#include "shm/base/limits.hpp"

namespace ringside::kafka {

namespace {

bool is_possible(std::chrono::milliseconds ttl) noexcept {
    return ttl.count() >= 0 && static_cast<std::uint64_t>(ttl.count()) <= limits::ttl_ms_max;
}

void add_write(Transaction& transaction, const MappedWrite& write) {
    WriteOptions options;
    options.ttl = write.ttl;
    // What could be wrong with the options was looked at before.
    switch (write.operation) {
        case Operation::put:
            transaction.put_encoded(write.name, write.document, options).value();
            break;
        case Operation::merge:
            transaction.merge_encoded(write.name, write.document, options).value();
            break;
        case Operation::json_patch:
            transaction.json_patch_encoded(write.name, write.document, options).value();
            break;
        case Operation::remove: transaction.remove(write.name).value(); break;
    }
}

}  // namespace

Result<std::size_t> BatchWriter::add(PartitionFeed& feed, const MessageView& message,
                                     bool without_missing) {
    const auto writes = feed.mapper->map(message);
    if (!writes) return writes.error();
    for (const MappedWrite& write : *writes) {
        if (!is_possible(write.ttl)) {
            return Error(Errc::bad_ttl, std::to_string(write.ttl.count()) + " ms");
        }
    }
    std::size_t added = 0;
    for (const MappedWrite& write : *writes) {
        if (without_missing && write.ignores_missing && write.operation == Operation::remove) {
            const auto there = client_->get(write.name);
            if (!there && there.error() == Errc::not_found) continue;
        }
        add_write(transaction_, write);
        ++added;
    }
    return added;
}

const Transaction& BatchWriter::finish(const PartitionFeed& feed, std::optional<std::int64_t> from,
                                       std::int64_t to, Grade grade) {
    position_.add(transaction_, feed.position_name, from, to, grade);
    return transaction_;
}

}  // namespace ringside::kafka
