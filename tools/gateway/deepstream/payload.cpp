#include "tools/gateway/deepstream/payload.hpp"

#include <algorithm>
#include <array>

#include "shm/document/flex.hpp"
#include "tools/gateway/deepstream/client_text.hpp"

namespace ringside::gateway::deepstream {

namespace {

/// A one-byte value, its type, and the width of the value.
constexpr std::array<Byte, 3> no_data_bytes = {Byte{1}, flex::type_byte(flex::type_null, 0),
                                               Byte{1}};

bool is_no_data(ByteView document) noexcept {
    return std::equal(document.begin(), document.end(), no_data_bytes.begin(), no_data_bytes.end());
}

}  // namespace

Document no_data_document() {
    return Document::adopt(Bytes(no_data_bytes.begin(), no_data_bytes.end()));
}

Result<Document> payload_document(const std::string& json) {
    if (json.empty()) return no_data_document();
    return Document::parse(to_utf8_json(json));
}

std::string payload_json(ByteView document) {
    return is_no_data(document) ? std::string() : to_json(Value::of(document));
}

std::string payload_json(const RecordView& event) {
    return is_no_data(event.bytes()) ? std::string() : to_json(event.document());
}

}  // namespace ringside::gateway::deepstream
