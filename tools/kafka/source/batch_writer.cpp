#include "tools/kafka/source/batch_writer.hpp"

#include <algorithm>

#include "shm/base/limits.hpp"

namespace ringside::kafka {

namespace {

bool is_possible(std::chrono::milliseconds ttl) noexcept {
    return ttl.count() >= 0 && static_cast<std::uint64_t>(ttl.count()) <= limits::ttl_ms_max;
}

bool may_be_left_out(const MappedWrite& write) noexcept {
    return write.operation == Operation::remove && write.ignores_missing;
}

void add_write(Transaction& transaction, const MappedWrite& write) {
    WriteOptions options;
    options.ttl = write.ttl;
    // The options were checked before.
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
                                     const MissingNames* missing) {
    const auto writes = feed.mapper->map(message);
    if (!writes) return writes.error();
    for (const MappedWrite& write : *writes) {
        if (!is_possible(write.ttl)) {
            return Error(Errc::bad_ttl, std::to_string(write.ttl.count()) + " ms");
        }
    }
    std::size_t added = 0;
    for (std::size_t i = 0; i < writes->size(); ++i) {
        const MappedWrite& write = (*writes)[i];
        const bool is_left_out = missing != nullptr && may_be_left_out(write) &&
                                 !is_there(writes->first(i), write.name, *missing);
        if (is_left_out) continue;
        add_write(transaction_, write);
        ++added;
    }
    return added;
}

/// Returns whether a record exists after the preceding writes of a message.
bool BatchWriter::is_there(std::span<const MappedWrite> before, std::string_view name,
                           const MissingNames& missing) const {
    for (std::size_t i = before.size(); i-- > 0;) {
        if (before[i].name == name) return before[i].operation != Operation::remove;
    }
    if (missing.contains(name)) return false;
    const auto record = client_->get(name);
    return record || record.error() != Errc::not_found;
}

bool BatchWriter::can_miss(PartitionFeed& feed, const MessageView& message, std::string_view name) {
    const auto writes = feed.mapper->map(message);
    if (!writes) return false;
    const auto first = std::find_if(writes->begin(), writes->end(),
                                    [&](const MappedWrite& write) { return write.name == name; });
    return first != writes->end() && may_be_left_out(*first);
}

const Transaction& BatchWriter::finish(const PartitionFeed& feed,
                                       const std::optional<SourcePosition>& from,
                                       const SourcePosition& to, Grade grade) {
    position_.add(transaction_, feed.position_name, from, to, grade);
    return transaction_;
}

}  // namespace ringside::kafka
