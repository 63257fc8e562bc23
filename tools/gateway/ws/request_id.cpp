#include <simdjson.h>

#include "tools/gateway/ws/ws_session.hpp"

namespace ringside::gateway {

std::optional<std::string> request_id_of(std::string_view text) {
    namespace ondemand = simdjson::ondemand;
    ondemand::parser parser;
    const simdjson::padded_string padded(text);
    ondemand::document document;
    ondemand::object object;
    if (parser.iterate(padded).get(document) != simdjson::SUCCESS) return std::nullopt;
    if (document.get_object().get(object) != simdjson::SUCCESS) return std::nullopt;
    std::string id = "null";
    for (auto field : object) {
        ondemand::raw_json_string key;
        ondemand::value value;
        ondemand::json_type type{};
        if (field.key().get(key) != simdjson::SUCCESS) return std::nullopt;
        if (id != "null" || !key.unsafe_is_equal("id")) continue;
        if (field.value().get(value) != simdjson::SUCCESS) return std::nullopt;
        if (value.type().get(type) != simdjson::SUCCESS) return std::nullopt;
        if (type == ondemand::json_type::string) {
            std::string_view string;
            if (value.get_string().get(string) != simdjson::SUCCESS) continue;
            id.clear();
            append_json_string(string, id);
        } else if (type == ondemand::json_type::number) {
            std::int64_t number = 0;
            std::uint64_t large = 0;
            if (value.get_int64().get(number) == simdjson::SUCCESS) id = std::to_string(number);
            else if (value.get_uint64().get(large) == simdjson::SUCCESS) id = std::to_string(large);
        }
    }
    if (document.current_location().error() == simdjson::SUCCESS) return std::nullopt;
    return id;
}

}  // namespace ringside::gateway
