#include "tools/kafka/source/position.hpp"

#include <fmt/format.h>

namespace ringside::kafka {

namespace {

constexpr std::string_view member = "offset";
constexpr std::string_view pointer = "/offset";

}  // namespace

std::string position_name(std::string_view group, std::string_view topic, std::int32_t partition) {
    return fmt::format("kafka/{}/{}/{}", group, topic, partition);
}

Result<std::optional<std::int64_t>> read_position(const Client& client, const std::string& name) {
    const auto record = client.get(name);
    if (!record) {
        if (record.error() == Errc::not_found) return std::optional<std::int64_t>();
        return record.error();
    }
    const auto offset = record->document()[member].as_int64();
    if (!offset || *offset < 0) {
        return Error(
            Errc::bad_document,
            "record '" + name + "' does not hold the position of a partition; delete the record");
    }
    return offset;
}

void PositionWriter::add(Transaction& transaction, const std::string& name,
                         std::optional<std::int64_t> from, std::int64_t to, Grade grade) {
    WriteOptions options;
    options.grade = grade;
    builder_.clear();
    if (!from) {
        builder_.begin_object();
        builder_.key(member);
        builder_.integer(to);
        builder_.end_object();
        options.condition = Condition::is_absent();
        transaction.put_encoded(name, builder_.finish().value(), options).value();
        return;
    }
    builder_.begin_array();
    const auto operation = [&](std::string_view kind, std::int64_t value) {
        builder_.begin_object();
        builder_.key("op");
        builder_.string(kind);
        builder_.key("path");
        builder_.string(pointer);
        builder_.key("value");
        builder_.integer(value);
        builder_.end_object();
    };
    operation("test", *from);
    operation("replace", to);
    builder_.end_array();
    transaction.json_patch_encoded(name, builder_.finish().value(), options).value();
}

}  // namespace ringside::kafka
