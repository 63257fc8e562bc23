#include "tools/kafka/source/position.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <random>

namespace ringside::kafka {

namespace {

constexpr std::string_view offset_member = "offset";
constexpr std::string_view offset_pointer = "/offset";
constexpr std::string_view run_member = "run";
constexpr std::string_view whole_document;
constexpr std::size_t run_digits = 16;

std::optional<Run> parse_run(const Value& value) {
    const auto text = value.as_string();
    if (!text || text->size() != run_digits) return {};
    const auto is_digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
    if (!std::all_of(text->begin(), text->end(), is_digit)) return {};
    std::uint64_t run = 0;
    std::from_chars(text->data(), text->data() + text->size(), run, 16);
    return Run{run};
}

void write(DocumentBuilder& builder, const SourcePosition& position) {
    builder.begin_object();
    builder.key(offset_member);
    builder.integer(position.offset);
    if (position.run) {
        builder.key(run_member);
        builder.string(fmt::format("{:016x}", static_cast<std::uint64_t>(*position.run)));
    }
    builder.end_object();
}

/// Begins an operation of a JSON Patch, up to its value.
void begin_operation(DocumentBuilder& builder, std::string_view kind, std::string_view pointer) {
    builder.begin_object();
    builder.key("op");
    builder.string(kind);
    builder.key("path");
    builder.string(pointer);
    builder.key("value");
}

}  // namespace

Run draw_run() {
    std::random_device device;
    return Run{(static_cast<std::uint64_t>(device()) << 32) | device()};
}

std::string position_name(std::string_view group, std::string_view topic, std::int32_t partition) {
    return fmt::format("kafka/{}/{}/{}", group, topic, partition);
}

std::optional<SourcePosition> parse_position(const Value& document) {
    if (!document.is_object()) return {};
    const auto offset = document[offset_member].as_int64();
    if (!offset || *offset < 0) return {};
    if (document.size() == 1) return SourcePosition{*offset};
    const auto run = parse_run(document[run_member]);
    if (!run || document.size() != 2) return {};
    return SourcePosition{*offset, run};
}

Result<std::optional<SourcePosition>> read_position(const Client& client, const std::string& name) {
    const auto record = client.get(name);
    if (!record) {
        if (record.error() == Errc::not_found) return std::optional<SourcePosition>();
        return record.error();
    }
    const auto position = parse_position(record->document());
    if (!position) {
        return Error(Errc::bad_document, "record '" + name +
                                             "' is not the position of a partition, as in "
                                             R"({"offset":0}; correct or delete the record)");
    }
    return position;
}

Result<void> restart_position(Client& client, const std::string& name) {
    DocumentBuilder builder;
    write(builder, {0, draw_run()});
    Transaction transaction;
    transaction.put_encoded(name, builder.finish().value()).value();
    const auto written = client.commit(transaction);
    return written ? Result<void>() : Result<void>(written.error());
}

void PositionWriter::add(Transaction& transaction, const std::string& name,
                         const std::optional<SourcePosition>& from, const SourcePosition& to,
                         Grade grade) {
    WriteOptions options;
    options.grade = grade;
    builder_.clear();
    if (!from) {
        write(builder_, to);
        options.condition = Condition::is_absent();
        transaction.put_encoded(name, builder_.finish().value(), options).value();
        return;
    }
    builder_.begin_array();
    begin_operation(builder_, "test", whole_document);
    write(builder_, *from);
    builder_.end_object();
    const bool is_same_run = from->run == to.run;
    begin_operation(builder_, "replace", is_same_run ? offset_pointer : whole_document);
    if (is_same_run) builder_.integer(to.offset);
    else write(builder_, to);
    builder_.end_object();
    builder_.end_array();
    transaction.json_patch_encoded(name, builder_.finish().value(), options).value();
}

}  // namespace ringside::kafka
