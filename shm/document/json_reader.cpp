#include <simdjson.h>

#include <cstring>
#include <vector>

#include "shm/base/limits.hpp"
#include "shm/document/builder.hpp"
#include "shm/document/json.hpp"
#include "shm/document/json_diagnosis.hpp"
#include "shm/document/wide_numbers.hpp"

namespace ringside {

struct JsonReader::State {
    simdjson::dom::parser parser;
    DocumentBuilder builder;
    std::vector<char> text;  ///< input, with the padding that the parser needs

    /// Returns false if the text is not JSON, or has a number that the parser does not accept.
    bool parse(std::string_view json, simdjson::dom::element& root) {
        if (text.size() < json.size() + simdjson::SIMDJSON_PADDING) {
            text.resize(json.size() + simdjson::SIMDJSON_PADDING);
        }
        if (!json.empty()) std::memcpy(text.data(), json.data(), json.size());
        std::memset(text.data() + json.size(), 0, simdjson::SIMDJSON_PADDING);
        return parser.parse(text.data(), json.size(), false).get(root) == simdjson::SUCCESS;
    }
};

namespace {

/// Encodes the parser's result. The nesting limit of the parser bounds the recursion; the builder
/// stops it much earlier.
void build(DocumentBuilder& builder, const simdjson::dom::element& element) {
    switch (element.type()) {
        case simdjson::dom::element_type::ARRAY: {
            const simdjson::dom::array array = element.get_array().value_unsafe();
            builder.begin_array();
            for (const auto child : array) {
                build(builder, child);
                if (builder.failed()) return;
            }
            return builder.end_array();
        }
        case simdjson::dom::element_type::OBJECT: {
            const simdjson::dom::object object = element.get_object().value_unsafe();
            builder.begin_object();
            for (const auto [key, child] : object) {
                builder.key(key);
                build(builder, child);
                if (builder.failed()) return;
            }
            return builder.end_object();
        }
        case simdjson::dom::element_type::INT64:
            return builder.integer(element.get_int64().value_unsafe());
        case simdjson::dom::element_type::UINT64:
            return builder.unsigned_integer(element.get_uint64().value_unsafe());
        case simdjson::dom::element_type::DOUBLE:
            return builder.real(element.get_double().value_unsafe());
        case simdjson::dom::element_type::STRING:
            return builder.string(element.get_string().value_unsafe());
        case simdjson::dom::element_type::BOOL:
            return builder.boolean(element.get_bool().value_unsafe());
        case simdjson::dom::element_type::NULL_VALUE: return builder.null();
    }
}

}  // namespace

JsonReader::JsonReader() : state_(std::make_unique<State>()) {}
JsonReader::~JsonReader() = default;
JsonReader::JsonReader(JsonReader&&) noexcept = default;
JsonReader& JsonReader::operator=(JsonReader&&) noexcept = default;

std::size_t JsonReader::depth_reached() const noexcept { return state_->builder.depth_reached(); }

std::size_t JsonReader::content() const noexcept { return state_->builder.expanded(); }

Result<ByteView> JsonReader::read(std::string_view json, const DocumentLimits& limits) {
    if (json.size() > limits.content_max) {
        return Error(Errc::document_too_large, std::to_string(json.size()) + " bytes");
    }
    if (json.starts_with("\xEF\xBB\xBF")) return diagnose_json(json, limits.depth_max);

    simdjson::dom::element root;
    bool is_read = state_->parse(json, root);
    // The parser reads -0 as an integer, and refuses integers of more than 64 bits.
    if (!is_read || may_have_negative_zero(json)) {
        if (const auto wide = with_wide_numbers(json)) is_read = state_->parse(*wide, root);
    }
    if (!is_read) return diagnose_json(json, limits.depth_max);
    DocumentBuilder& builder = state_->builder;
    builder.clear({.limits = limits});
    build(builder, root);
    return builder.finish();
}

Result<Bytes> document_from_json(std::string_view json, const DocumentLimits& limits) {
    JsonReader reader;
    const auto document = reader.read(json, limits);
    if (!document) return document.error();
    return Bytes(document->begin(), document->end());
}

}  // namespace ringside
