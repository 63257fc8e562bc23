#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "shm/base/errc.hpp"
#include "shm/base/types.hpp"
#include "shm/document/document_limits.hpp"
#include "shm/document/value.hpp"

namespace ringside {

/// Turns JSON text (RFC 8259) into documents, and keeps its memory from one to the next.
///
/// Numbers: what is written as an integer and lies in -2^63..2^64-1 is that integer. Every other
/// number is the double nearest to the text: one with a fraction or an exponent, an integer beyond
/// 64 bits, and -0. So a number too close to zero is 0.0 or -0.0, and one beyond the largest double
/// is refused. Strings are any Unicode including U+0000.
///
/// Thread safety: one thread.
class JsonReader {
public:
    JsonReader();
    ~JsonReader();
    JsonReader(JsonReader&&) noexcept;
    JsonReader& operator=(JsonReader&&) noexcept;

    /// The encoded document; valid until the next `read`. Any JSON value may be the root.
    /// Errors: bad_json, bad_utf8, duplicate_key, number_out_of_range, too_deep, key_too_long,
    /// document_too_large; the detail says where in the text, where the text is to blame.
    /// Cost: about 0.3 us for a flat object of 120 bytes.
    Result<ByteView> read(std::string_view json, const DocumentLimits& limits = {});

    /// The most containers around a value of what was read last.
    [[nodiscard]] std::size_t depth_reached() const noexcept;
    /// Its content, see `DocumentLimits`.
    [[nodiscard]] std::size_t content() const noexcept;

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// One document from one JSON text. Errors: those of `JsonReader::read`.
Result<Bytes> document_from_json(std::string_view json, const DocumentLimits& limits = {});

/// Appends a value as JSON on one line, without spaces. A real that has no fraction is written
/// with ".0", so that reading it gives a real again. A value that does not exist is "null".
/// The text of a document may be longer than the text that it was read from, and than what a text
/// may have (1e5 is written as 100000.0).
/// Never reads outside the document's bytes, and stops at `limits::envelope_depth_max` levels and
/// at the limit of a document's content, whatever the bytes are; what it writes for bytes that are
/// no document is not specified.
void append_json(const Value& value, std::string& out);

/// Appends a string as JSON, with its quotes. REQUIRES: UTF-8.
void append_json_string(std::string_view text, std::string& out);

std::string to_json(const Value& value);

}  // namespace ringside
