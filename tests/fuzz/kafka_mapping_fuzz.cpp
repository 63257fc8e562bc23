#include <toml++/toml.h>

#include "shm/base/limits.hpp"
#include "shm/base/utf8.hpp"
#include "shm/document/value.hpp"
#include "shm/document/verify.hpp"
#include "shm/name/name.hpp"
#include "tests/fuzz/support/input.hpp"
#include "tools/kafka/mapping/mapper.hpp"

/// Rules of the Kafka bridge, and a message: its key, a header and its value, one per line, then
/// the rules. A line "-" is null. The rules are refused with a place, or the message results in
/// writes that the grid could take, or in an error with a detail.
using namespace ringside;
using fuzz::require;

namespace {

constexpr const char* file_name = "kafka.toml";

std::optional<std::string_view> line_of(fuzz::Input& input) {
    const std::string_view line = input.text_until('\n');
    if (line == "-") return std::nullopt;
    return line;
}

std::optional<kafka::Mapping> mapping_of(std::string_view rules) {
    toml::table table;
    try {
        table = toml::parse(rules);
    } catch (const toml::parse_error&) {
        return std::nullopt;
    }
    auto mapping = kafka::Mapping::read(table, tools::TomlFile(file_name));
    if (mapping) return *mapping;
    require(mapping.error() == Errc::bad_configuration, mapping.error().text());
    require(mapping.error().detail.starts_with(std::string(file_name) + ":"),
            "where: " + mapping.error().text());
    require(is_utf8(mapping.error().detail), "the error can be shown");
    return std::nullopt;
}

void check_write(const kafka::MappedWrite& write) {
    require(check_name(write.name).has_value(), "a name");
    require(!is_reserved(write.name) && first_level(write.name) != "kafka", "a name for messages");
    require(write.ttl.count() >= 0 &&
                static_cast<std::uint64_t>(write.ttl.count()) <= limits::ttl_ms_max,
            "a time to live");
    if (write.operation == kafka::Operation::remove) {
        require(write.document.empty() && write.ttl.count() == 0, "nothing but a name");
        return;
    }
    require(verify_document(fuzz::copy_of(write.document)).has_value(), "a document");
    require(write.operation != kafka::Operation::json_patch || Value::of(write.document).is_array(),
            "a JSON Patch is an array");
}

/// Returns the result of a message as bytes.
std::string outcome(kafka::Mapper& mapper, const kafka::MessageView& message) {
    const auto writes = mapper.map(message);
    if (!writes) {
        require(is_utf8(writes.error().detail), "the error can be shown");
        return writes.error().text();
    }
    std::string all;
    for (const kafka::MappedWrite& write : *writes) {
        check_write(write);
        all += std::to_string(static_cast<int>(write.operation)) + std::string(write.name) + "\n";
        all.append(write.document.begin(), write.document.end());
    }
    return all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::Input input(data, size);
    kafka::MessageView message{.topic = "seats", .partition = 1, .offset = 2};
    message.key = line_of(input);
    const kafka::Header header{.name = "source", .value = line_of(input)};
    message.headers = {&header, 1};
    message.value = line_of(input);
    const auto mapping = mapping_of(input.text());
    if (!mapping) return 0;

    kafka::Mapper mapper(*mapping);
    const std::string first = outcome(mapper, message);
    static_cast<void>(outcome(mapper, {.key = "other", .value = R"({"a":{"b":[1]},"op":"u"})"}));
    require(outcome(mapper, message) == first, "a message comes to the same after another one");
    return 0;
}
