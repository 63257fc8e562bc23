#include <simdjson.h>

#include <cstring>
#include <vector>

#include "shm/base/limits.hpp"
#include "shm/document/builder.hpp"
#include "shm/document/json.hpp"
#include "shm/document/json_diagnosis.hpp"

namespace ringside {

struct JsonReader::State {
    simdjson::dom::parser parser;
    DocumentBuilder builder;
    std::vector<char> text;  ///< what is read, with the padding that the parser needs
};

namespace {

/// Encodes what the parser found. Its own limit of nesting bounds the recursion, the builder's
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

Result<ByteView> JsonReader::read(std::string_view json) {
    if (json.size() > limits::document_bytes_max) {
        return Error(Errc::document_too_large,
                     "the text has " + std::to_string(json.size()) + " bytes");
    }
    if (json.starts_with("\xEF\xBB\xBF")) return diagnose_json(json);

    std::vector<char>& text = state_->text;
    if (text.size() < json.size() + simdjson::SIMDJSON_PADDING) {
        text.resize(json.size() + simdjson::SIMDJSON_PADDING);
    }
    if (!json.empty()) std::memcpy(text.data(), json.data(), json.size());
    std::memset(text.data() + json.size(), 0, simdjson::SIMDJSON_PADDING);

    simdjson::dom::element root;
    if (state_->parser.parse(text.data(), json.size(), false).get(root) != simdjson::SUCCESS) {
        return diagnose_json(json);
    }
    DocumentBuilder& builder = state_->builder;
    builder.clear();
    build(builder, root);
    return builder.finish();
}

Result<Bytes> document_from_json(std::string_view json) {
    JsonReader reader;
    const auto document = reader.read(json);
    if (!document) return document.error();
    return Bytes(document->begin(), document->end());
}

}  // namespace ringside
