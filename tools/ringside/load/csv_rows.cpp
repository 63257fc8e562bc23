#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <vector>

#include "shm/base/utf8.hpp"
#include "shm/document/json.hpp"
#include "tools/ringside/load/record_source.hpp"

namespace ringside::tools {

namespace {

enum class CsvType { guess, string, integer, number, boolean, json };

struct CsvField {
    std::string text;
    bool is_quoted = false;
};

std::string in_quotes(std::string_view text) { return "'" + std::string(text) + "'"; }

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
    Number number{};
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failed != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return number;
}

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

std::size_t count_digits(std::string_view text) noexcept {
    return static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), is_digit) -
                                    text.begin());
}

/// The parts of a number in JSON's grammar.
struct JsonNumber {
    std::size_t digits = 0;  ///< without those of the exponent
    bool has_fraction = false;
    bool has_exponent = false;
    bool has_signed_exponent = false;

    static std::optional<JsonNumber> parse(std::string_view text) noexcept {
        JsonNumber number;
        if (text.starts_with('-')) text.remove_prefix(1);
        number.digits = count_digits(text);
        if (number.digits == 0 || (number.digits > 1 && text[0] == '0')) return std::nullopt;
        text.remove_prefix(number.digits);
        if (text.starts_with('.')) {
            number.has_fraction = true;
            const std::size_t digits = count_digits(text.substr(1));
            if (digits == 0) return std::nullopt;
            number.digits += digits;
            text.remove_prefix(1 + digits);
        }
        if (text.starts_with('e') || text.starts_with('E')) {
            number.has_exponent = true;
            text.remove_prefix(1);
            number.has_signed_exponent = text.starts_with('+') || text.starts_with('-');
            if (number.has_signed_exponent) text.remove_prefix(1);
            const std::size_t digits = count_digits(text);
            if (digits == 0) return std::nullopt;
            text.remove_prefix(digits);
        }
        return text.empty() ? std::optional(number) : std::nullopt;
    }
};

bool is_integer(std::string_view text) {
    if (parse_number<std::int64_t>(text)) return text != "-0";
    return parse_number<std::uint64_t>(text).has_value();
}

/// Returns whether an undeclared field is a number: as JSON writes it, and without loss. "12e4"
/// might as well be an identifier.
bool is_surely_number(std::string_view text) {
    const auto number = JsonNumber::parse(text);
    if (!number) return false;
    if (!number->has_fraction && !number->has_exponent) return is_integer(text) || text == "-0";
    if (!number->has_fraction && !number->has_signed_exponent) return false;
    constexpr std::size_t digits_of_double = 17;
    const auto value = parse_number<double>(text);
    return number->digits <= digits_of_double && value && std::isfinite(*value);
}

bool is_json(std::string_view text) {
    thread_local JsonReader reader;
    return reader.read(text, written_limits).has_value();
}

/// Appends a field as a JSON value. Returns the fault, or nothing.
std::optional<std::string> append_field(const CsvField& field, CsvType type, std::string& json) {
    const std::string_view text = field.text;
    if (text.empty() && !field.is_quoted) {
        json += "null";
        return std::nullopt;
    }
    const auto verbatim = [&](bool is_right, const char* kind) -> std::optional<std::string> {
        if (!is_right) return in_quotes(text) + " is not " + kind;
        json += text;
        return std::nullopt;
    };
    switch (type) {
        case CsvType::integer:
            return verbatim(JsonNumber::parse(text) && is_integer(text), "a 64-bit integer");
        case CsvType::number: return verbatim(JsonNumber::parse(text).has_value(), "a number");
        case CsvType::boolean: return verbatim(text == "true" || text == "false", "true or false");
        case CsvType::json: return verbatim(is_json(text), "JSON");
        case CsvType::guess:
            if (text == "true" || text == "false" || is_surely_number(text)) {
                json += text;
                return std::nullopt;
            }
            break;
        case CsvType::string: break;
    }
    append_json_string(text, json);
    return std::nullopt;
}

std::optional<CsvType> type_named(std::string_view name) {
    if (name == "string") return CsvType::string;
    if (name == "integer") return CsvType::integer;
    if (name == "number") return CsvType::number;
    if (name == "boolean") return CsvType::boolean;
    if (name == "json") return CsvType::json;
    return std::nullopt;
}

/// Reads rows of fields.
class CsvReader {
public:
    CsvReader(InputText& input, char delimiter) : input_(&input), delimiter_(delimiter) {}

    /// Returns false at the end of the input. `wrong` is set if the row breaks RFC 4180; the rest
    /// of its line is skipped then. Error: file_unreadable.
    Result<bool> next(std::vector<CsvField>& fields, std::optional<Error>& wrong) {
        fields.clear();
        wrong.reset();
        line_ = input_->line();
        const auto first = peek();
        if (!first) return first.error();
        if (!*first) return false;
        bytes_ = 0;
        for (;;) {
            auto read = read_field(fields.emplace_back(), wrong);
            if (!read) return read.error();
            if (!*read) return true;
        }
    }

    [[nodiscard]] std::uint64_t line() const noexcept { return line_; }

private:
    using Character = Result<std::optional<char>>;

    Character peek() {
        while (input_->text().empty()) {
            const auto more = input_->read_more();
            if (!more) return more.error();
            if (!*more) return std::optional<char>();
        }
        return std::optional(input_->text().front());
    }

    Character advance() {
        input_->take(1);
        ++bytes_;
        return peek();
    }

    /// Reads a field and its terminator. Returns false if it was the last one of the row.
    Result<bool> read_field(CsvField& field, std::optional<Error>& wrong) {
        auto c = peek();
        if (c && *c == '"') {
            field.is_quoted = true;
            if (c = read_quoted(field.text, wrong); !c) return c.error();
        }
        for (; c && *c && **c != delimiter_ && **c != '\n'; c = advance()) {
            if (wrong) continue;
            if (bytes_ > record_text_bytes_max) {
                wrong = too_long();
            } else if (field.is_quoted && **c != '\r') {
                wrong = Error(Errc::bad_input, "text after the end of a quoted field");
            } else if (**c == '"') {
                wrong =
                    Error(Errc::bad_input, "quotation mark in an unquoted field; quote the field");
            } else if (!field.is_quoted) {
                field.text += **c;
            }
        }
        if (!c) return c.error();
        const bool is_last = !*c || **c == '\n';
        if (is_last && !field.is_quoted && field.text.ends_with('\r')) field.text.pop_back();
        if (*c) {
            if (c = advance(); !c) return c.error();
        }
        return !is_last;
    }

    /// Reads from the opening quotation mark past the closing one.
    Character read_quoted(std::string& text, std::optional<Error>& wrong) {
        const std::uint64_t begun = input_->line();
        for (Character c = advance();; c = advance()) {
            if (!c) return c;
            if (!*c) {
                wrong = Error(Errc::bad_input, "unterminated quoted field that starts in line " +
                                                   std::to_string(begun));
                return c;
            }
            if (**c == '"') {
                if (c = advance(); !c || *c != '"') return c;
            }
            if (bytes_ <= record_text_bytes_max) text += **c;
            else wrong = too_long();
        }
    }

    static Error too_long() {
        return {Errc::document_too_large,
                "row exceeds " + std::to_string(record_text_bytes_max) + " bytes"};
    }

    InputText* input_;
    char delimiter_;
    std::uint64_t line_ = 1;
    std::size_t bytes_ = 0;
};

class CsvRows : public RecordSource {
public:
    CsvRows(InputText& input, char delimiter) : reader_(input, delimiter) {}

    Result<void> begin(const std::string& types) {
        std::vector<CsvField> fields;
        std::optional<Error> wrong;
        const auto is_there = reader_.next(fields, wrong);
        if (!is_there) return is_there.error();
        if (wrong) return Error(wrong->code, "header: " + wrong->detail);
        if (!*is_there) return Error(Errc::bad_input, "empty input; write a header line");
        for (CsvField& field : fields) {
            if (!is_utf8(field.text)) return Error(Errc::bad_utf8, "header");
            if (field.text.empty()) {
                return Error(Errc::bad_input, "column " + std::to_string(columns_.size() + 1) +
                                                  " of the header has no name");
            }
            if (column_of(field.text) != columns_.end()) {
                return Error(Errc::bad_input,
                             "duplicate column in the header: " + in_quotes(field.text));
            }
            columns_.push_back({std::move(field.text), CsvType::guess});
        }
        return declare(types);
    }

    Result<bool> next(InputRecord& record) override {
        std::optional<Error> wrong;
        do {
            auto is_there = reader_.next(fields_, wrong);
            if (!is_there || !*is_there) return is_there;
        } while (!wrong && is_blank());
        record.line = reader_.line();
        if (!wrong) wrong = write_row();
        if (wrong) record.json = *wrong;
        else record.json = std::string_view(json_);
        return true;
    }

private:
    struct Column {
        std::string name;
        CsvType type;
    };

    std::vector<Column>::iterator column_of(std::string_view name) {
        return std::find_if(columns_.begin(), columns_.end(),
                            [name](const Column& column) { return column.name == name; });
    }

    /// Parses "price:number,zip:string".
    Result<void> declare(std::string_view types) {
        while (!types.empty()) {
            const std::string_view one = types.substr(0, types.find(','));
            types.remove_prefix(std::min(one.size() + 1, types.size()));
            const std::size_t colon = one.rfind(':');
            const auto type =
                colon == std::string_view::npos ? std::nullopt : type_named(one.substr(colon + 1));
            if (!type) {
                return Error(Errc::bad_usage, "--types: " + in_quotes(one) +
                                                  " is not COLUMN:TYPE; use the type string, "
                                                  "integer, number, boolean or json");
            }
            const auto column = column_of(one.substr(0, colon));
            if (column == columns_.end()) {
                return Error(Errc::bad_usage, "--types: no such column in the header: " +
                                                  in_quotes(one.substr(0, colon)));
            }
            column->type = *type;
        }
        return {};
    }

    [[nodiscard]] bool is_blank() const {
        return fields_.size() == 1 && fields_[0].text.empty() && !fields_[0].is_quoted;
    }

    /// Writes the row as an object to `json_`.
    std::optional<Error> write_row() {
        if (fields_.size() != columns_.size()) {
            return Error(Errc::bad_input, "row has " + std::to_string(fields_.size()) +
                                              " fields, the header has " +
                                              std::to_string(columns_.size()));
        }
        json_ = "{";
        for (std::size_t i = 0; i < columns_.size(); ++i) {
            const Column& column = columns_[i];
            if (!is_utf8(fields_[i].text)) {
                return Error(Errc::bad_utf8, "column " + in_quotes(column.name));
            }
            if (i > 0) json_ += ',';
            append_json_string(column.name, json_);
            json_ += ':';
            if (auto wrong = append_field(fields_[i], column.type, json_)) {
                return Error(Errc::bad_input, "column " + in_quotes(column.name) + ": " + *wrong);
            }
        }
        json_ += '}';
        return std::nullopt;
    }

    CsvReader reader_;
    std::vector<Column> columns_;
    std::vector<CsvField> fields_;
    std::string json_;
};

}  // namespace

Result<std::unique_ptr<RecordSource>> make_csv_rows(InputText& input, const CsvOptions& options) {
    auto rows = std::make_unique<CsvRows>(input, options.delimiter);
    if (auto begun = rows->begin(options.types); !begun) return begun.error();
    return std::unique_ptr<RecordSource>(std::move(rows));
}

}  // namespace ringside::tools
