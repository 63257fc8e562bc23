#include "tools/support/row_text.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <cmath>
#include <set>

#include "shm/document/json.hpp"

namespace ringside::tools {

namespace {

/// A real must be distinguishable from an integer, as in SQL.
std::string real_text(double number) {
    if (!std::isfinite(number)) return number > 0 ? "Inf" : "-Inf";
    std::string text = fmt::format("{}", number);
    if (text.find_first_of(".e") == std::string::npos) text += ".0";
    return text;
}

std::string hexadecimal(ByteView bytes) {
    std::string text;
    for (const Byte byte : bytes) text += fmt::format("{:02x}", byte);
    return text;
}

/// SQL can create texts of any bytes; JSON cannot hold them.
std::string json_string(std::string_view text) {
    std::string quoted;
    if (simdjson::validate_utf8(text)) {
        append_json_string(text, quoted);
        return quoted;
    }
    std::string marked(text);
    for (char& c : marked) {
        if (static_cast<unsigned char>(c) >= 0x80) c = '?';
    }
    append_json_string(marked, quoted);
    return quoted;
}

/// NULL is empty, an empty text is "".
std::string csv_field(std::string_view text) {
    if (!text.empty() && text.find_first_of(",\"\r\n") == std::string_view::npos) {
        return std::string(text);
    }
    std::string quoted = "\"";
    for (const char c : text) quoted.append(c == '"' ? 2 : 1, c);
    return quoted + '"';
}

}  // namespace

std::string raw_text(const sql::Cell& cell, std::string_view null_text) {
    if (const auto* number = std::get_if<std::int64_t>(&cell)) return std::to_string(*number);
    if (const auto* number = std::get_if<double>(&cell)) return real_text(*number);
    if (const auto* text = std::get_if<std::string_view>(&cell)) return std::string(*text);
    if (const auto* bytes = std::get_if<ByteView>(&cell)) return hexadecimal(*bytes);
    return std::string(null_text);
}

std::string json_text(const sql::Cell& cell) {
    if (const auto* number = std::get_if<double>(&cell); number && !std::isfinite(*number)) {
        return json_string(real_text(*number));
    }
    if (is_number(cell)) return raw_text(cell, "null");
    if (std::holds_alternative<std::monostate>(cell)) return "null";
    return json_string(raw_text(cell, ""));
}

JsonObjects::JsonObjects(std::span<const std::string> columns) {
    std::set<std::string> used;
    for (const std::string& column : columns) {
        std::string key = column;
        for (int n = 2; !used.insert(key).second; ++n) key = column + ":" + std::to_string(n);
        keys_.push_back(json_string(key) + ":");
    }
}

std::string JsonObjects::of(sql::Row row) const {
    std::string text = "{";
    for (std::size_t i = 0; i < row.size(); ++i) {
        if (i > 0) text += ',';
        text += keys_[i] + json_text(row[i]);
    }
    return text + "}";
}

std::string csv_line(sql::Row row) {
    std::string line;
    for (const sql::Cell& cell : row) {
        if (&cell != row.data()) line += ',';
        const auto* text = std::get_if<std::string_view>(&cell);
        line += text != nullptr ? csv_field(*text) : raw_text(cell, "");
    }
    return line;
}

std::string csv_line(std::span<const std::string> names) {
    std::string line;
    for (const std::string& name : names) {
        if (&name != names.data()) line += ',';
        line += csv_field(name);
    }
    return line;
}

}  // namespace ringside::tools
