#include <algorithm>
#include <filesystem>
#include <optional>

#include "tools/ringside/load/record_source.hpp"

namespace ringside::tools {

namespace {

constexpr std::string_view json_spaces = " \t\r\n";

Error at_line(std::uint64_t line, Errc code, const std::string& what) {
    return {code, "line " + std::to_string(line) + ": " + what};
}

Error too_long() {
    return {Errc::document_too_large,
            "text of one record exceeds " + std::to_string(record_text_bytes_max) + " bytes"};
}

class JsonLines : public RecordSource {
public:
    explicit JsonLines(InputText& input) : input_(&input) {}

    Result<bool> next(InputRecord& record) override {
        for (;;) {
            input_->take(bytes_due_);
            bytes_due_ = 0;
            const auto line = read_line();
            if (!line) return line.error();
            if (!*line) return false;
            record.line = input_->line();
            if (bytes_skipped_ > 0) {
                record.json = too_long();
                return true;
            }
            if ((*line)->find_first_not_of(json_spaces) == std::string_view::npos) continue;
            record.json = **line;
            return true;
        }
    }

private:
    /// Returns the line at the beginning of the input's text, without its end, or none at the end
    /// of the input. Keeps only the end of a line that is too long.
    Result<std::optional<std::string_view>> read_line() {
        bytes_skipped_ = 0;
        std::size_t searched = 0;
        for (;;) {
            const std::string_view text = input_->text();
            const std::size_t end = text.find('\n', searched);
            if (end != std::string_view::npos) {
                bytes_due_ = end + 1;
                return std::optional(text.substr(0, end));
            }
            searched = text.size();
            if (searched > record_text_bytes_max) {
                bytes_skipped_ += searched;
                input_->take(searched);
                searched = 0;
            }
            const auto more = input_->read_more();
            if (!more) return more.error();
            if (*more) continue;
            bytes_due_ = input_->text().size();
            if (bytes_due_ == 0 && bytes_skipped_ == 0) return std::optional<std::string_view>();
            return std::optional(input_->text());
        }
    }

    InputText* input_;
    std::size_t bytes_due_ = 0;      ///< of the last returned line
    std::size_t bytes_skipped_ = 0;  ///< of an oversized line
};

/// Finds the end of a JSON value in text that arrives in parts. The parser checks the value itself.
class ValueEnd {
public:
    /// Examines further text; `text` begins with the value. Returns none if the value may continue.
    std::optional<std::size_t> find(std::string_view text) {
        for (; at_ < text.size(); ++at_) {
            const char c = text[at_];
            if (is_in_string_) {
                if (is_escaped_) is_escaped_ = false;
                else if (c == '\\') is_escaped_ = true;
                else if (c == '"') is_in_string_ = false;
                if (!is_in_string_ && depth_ == 0) return at_ + 1;
            } else if (c == '"') {
                if (depth_ == 0 && at_ > 0) return at_;
                is_in_string_ = true;
            } else if (c == '{' || c == '[') {
                if (depth_ == 0 && at_ > 0) return at_;
                ++depth_;
            } else if (c == '}' || c == ']') {
                if (depth_ == 0) return at_;
                if (--depth_ == 0) return at_ + 1;
            } else if (depth_ == 0 && (c == ',' || json_spaces.find(c) != std::string_view::npos)) {
                return at_;
            }
        }
        return std::nullopt;
    }

private:
    std::size_t at_ = 0;
    std::size_t depth_ = 0;
    bool is_in_string_ = false;
    bool is_escaped_ = false;
};

class JsonValues : public RecordSource {
public:
    explicit JsonValues(InputText& input) : input_(&input) {}

    Result<bool> next(InputRecord& record) override {
        input_->take(bytes_due_);
        bytes_due_ = 0;
        if (is_ended_) return false;
        auto is_there = begin_value();
        if (!is_there || !*is_there) return is_there;
        record.line = input_->line();
        ValueEnd end;
        for (;;) {
            if (const auto bytes = end.find(input_->text())) {
                if (*bytes == 0) return unexpected();
                bytes_due_ = *bytes;
                record.json = input_->text().substr(0, *bytes);
                break;
            }
            // The input cannot be divided further before the end of the value is found.
            if (input_->text().size() > record_text_bytes_max) {
                return at_line(record.line, Errc::document_too_large, too_long().detail);
            }
            const auto more = input_->read_more();
            if (!more) return more.error();
            if (*more) continue;
            if (is_array_) {
                return at_line(record.line, Errc::bad_json,
                               "input ends within the value that starts here");
            }
            bytes_due_ = input_->text().size();
            record.json = input_->text();
            break;
        }
        is_after_value_ = true;
        return true;
    }

private:
    /// Moves to the next value. Returns false if there is none.
    Result<bool> begin_value() {
        auto first = skip_spaces();
        if (!first) return first.error();
        if (!has_begun_ && *first == '[') {
            is_array_ = true;
            if (first = take_one(); !first) return first.error();
            has_begun_ = true;
            if (*first == ']') return end_array();
        } else if (is_array_ && is_after_value_) {
            if (*first == ']') return end_array();
            if (*first != ',') return unexpected();
            is_after_value_ = false;
            if (first = take_one(); !first) return first.error();
            if (*first == ']') return unexpected();
        }
        has_begun_ = true;
        if (!*first && is_array_) return unexpected();
        return first->has_value();
    }

    Result<bool> end_array() {
        is_ended_ = true;
        const auto first = take_one();
        if (!first) return first.error();
        if (*first) return unexpected();
        return false;
    }

    Result<std::optional<char>> take_one() {
        input_->take(1);
        return skip_spaces();
    }

    /// Returns the first character that is not a space, or none at the end of the text.
    Result<std::optional<char>> skip_spaces() {
        for (;;) {
            const std::string_view text = input_->text();
            const std::size_t at = text.find_first_not_of(json_spaces);
            input_->take(std::min(at, text.size()));
            if (at != std::string_view::npos) return std::optional(text[at]);
            const auto more = input_->read_more();
            if (!more) return more.error();
            if (!*more) return std::optional<char>();
        }
    }

    [[nodiscard]] Error unexpected() const {
        const std::string_view text = input_->text();
        const std::string found = text.empty()
                                      ? "unexpected end of input"
                                      : "unexpected '" + std::string(text.substr(0, 1)) + "'";
        const char* const where = is_ended_         ? " after the array"
                                  : !is_array_      ? " between values"
                                  : is_after_value_ ? " after an element of the array"
                                                    : " in place of an element of the array";
        return at_line(input_->line(), Errc::bad_json, found + where);
    }

    InputText* input_;
    std::size_t bytes_due_ = 0;  ///< of the last returned value
    bool has_begun_ = false;
    bool is_array_ = false;
    bool is_after_value_ = false;
    bool is_ended_ = false;  ///< after the array
};

/// Returns whether the first line ends where only a value that spans several lines can.
bool ends_within_value(std::string_view line) {
    const std::size_t last = line.find_last_not_of(json_spaces);
    return last != std::string_view::npos &&
           std::string_view("{[,").find(line[last]) != std::string_view::npos;
}

}  // namespace

std::unique_ptr<RecordSource> make_json_lines(InputText& input) {
    return std::make_unique<JsonLines>(input);
}

std::unique_ptr<RecordSource> make_json_values(InputText& input) {
    return std::make_unique<JsonValues>(input);
}

Result<std::string> detect_format(InputText& input, std::string_view path) {
    const std::string extension = std::filesystem::path(path).extension();
    if (extension == ".csv") return std::string("csv");
    if (extension == ".jsonl" || extension == ".ndjson") return std::string("jsonl");
    for (;;) {
        const std::string_view text = input.text();
        const std::size_t first = text.find_first_not_of(json_spaces);
        if (first != std::string_view::npos && text[first] == '[') return std::string("json");
        const std::size_t end = text.find('\n', std::min(first, text.size()));
        if (first == std::string_view::npos || end == std::string_view::npos) {
            const auto more = input.read_more();
            if (!more) return more.error();
            if (*more && input.text().size() <= record_text_bytes_max) continue;
        }
        const std::string_view now = input.text();
        if (first == std::string_view::npos) return std::string("jsonl");  // the input is empty
        if (now[first] != '{') {
            return Error(
                Errc::bad_input,
                "input starts neither with '{' nor with '['; use --format csv or --format jsonl");
        }
        return std::string(ends_within_value(now.substr(first, end - first)) ? "json" : "jsonl");
    }
}

}  // namespace ringside::tools
