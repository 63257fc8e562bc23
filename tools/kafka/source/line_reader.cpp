#include "tools/kafka/source/line_reader.hpp"

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace ringside::kafka {

namespace {

MessageView view_of_line(const void* kept, std::vector<Header>* headers) {
    const Line& line = *static_cast<const Line*>(kept);
    MessageView view;
    view.topic = line.topic;
    view.offset = line.number;
    if (line.key) view.key = *line.key;
    if (line.value) view.value = *line.value;
    if (headers != nullptr) {
        headers->clear();
        for (const auto& [name, value] : line.headers) {
            headers->push_back({name, value ? std::optional<std::string_view>(*value)
                                            : std::optional<std::string_view>()});
        }
        view.headers = *headers;
    }
    return view;
}

constexpr KeptMessage::Origin from_file{
    view_of_line, [](void* line) noexcept { delete static_cast<Line*>(line); }};

/// Returns a string unchanged, and anything else as JSON. None if it is null or missing.
std::optional<std::string> text_of(const Value& value) {
    if (value.is_null()) return std::nullopt;
    if (const auto text = value.as_string()) return std::string(*text);
    return to_json(value);
}

bool is_blank(const std::string& text) {
    return text.find_first_not_of(" \t\r") == std::string::npos;
}

}  // namespace

Result<LineReader> LineReader::open(const std::string& path, std::string topic, bool is_envelope) {
    LineReader reader;
    std::error_code failed;
    if (!std::filesystem::exists(path, failed)) {
        const std::string why = failed ? failed.message() : std::strerror(ENOENT);
        return Error(Errc::file_unreadable, path + ": " + why);
    }
    if (!std::filesystem::is_regular_file(path, failed)) {
        return Error(Errc::file_unreadable, path + " is not a regular file");
    }
    reader.file_.open(path, std::ios::ate | std::ios::binary);
    if (!reader.file_) {
        return Error(Errc::file_unreadable, path + ": " + std::strerror(errno));
    }
    reader.bytes_total_ = static_cast<std::uint64_t>(reader.file_.tellg());
    reader.file_.seekg(0);
    reader.topic_ = std::move(topic);
    reader.is_envelope_ = is_envelope;
    return reader;
}

/// Reads a line of any length, and stores it unless it is too long. Returns false at the end.
Result<bool> LineReader::read_line() {
    text_.clear();
    is_too_long_ = false;
    for (bool has_ended = false; !has_ended;) {
        file_.getline(chunk_.data(), std::streamsize(chunk_.size()));
        const auto got = std::size_t(file_.gcount());
        if (file_.bad()) return Error(Errc::system_error, "cannot read the rest of the file");
        if (file_.eof() && got == 0) {
            if (text_.empty() && !is_too_long_) return false;
            break;
        }
        bytes_ += got;
        const bool is_full = file_.fail();  // more of the line follows
        has_ended = !is_full;
        if (is_full) file_.clear();
        const std::size_t size = is_full || file_.eof() ? got : got - 1;  // without the line end
        is_too_long_ = is_too_long_ || text_.size() + size > line_bytes_max;
        if (is_too_long_) text_.clear();
        else text_.append(chunk_.data(), size);
    }
    ++number_;
    return true;
}

Result<std::unique_ptr<Line>> LineReader::next() {
    for (;;) {
        const auto read = read_line();
        if (!read) return read.error();
        if (!*read) return std::unique_ptr<Line>();
        if (is_blank(text_) && !is_too_long_) continue;
        auto line = std::make_unique<Line>();
        line->topic = topic_;
        line->number = number_ - 1;
        if (is_too_long_) {
            line->failure = Error(Errc::document_too_large,
                                  "more than " + std::to_string(line_bytes_max) + " bytes");
        } else if (is_envelope_) {
            open_envelope(*line);
        } else {
            line->value = text_;
        }
        return line;
    }
}

void LineReader::open_envelope(Line& line) {
    const auto fail = [&](Error failure) {
        line.value = text_;
        line.failure = std::move(failure);
    };
    const auto encoded = json_.read(text_, envelope_limits);
    if (!encoded) return fail(encoded.error());
    const Value envelope = Value::of(*encoded);
    if (!envelope.is_object()) return fail(Error(Errc::bad_json, "envelope is not an object"));
    for (const auto& [name, value] : envelope.members()) {
        if (name == "key") {
            line.key = text_of(value);
        } else if (name == "value") {
            if (!value.is_null()) line.value = to_json(value);
        } else if (name == "headers" && value.is_object()) {
            for (const auto& [header, content] : value.members()) {
                line.headers.emplace_back(header, text_of(content));
            }
        } else {
            line.headers.clear();
            line.key.reset();
            return fail(Error(Errc::bad_json, "envelope takes key, value and headers (an object)" +
                                                  std::string(", not '") + std::string(name) +
                                                  "'"));
        }
    }
}

Result<void> LineReader::seek(std::int64_t number) {
    file_.clear();
    file_.seekg(0);
    number_ = 0;
    bytes_ = 0;
    while (number_ < number) {
        const auto read = read_line();
        if (!read) return read.error();
        if (*read) continue;
        return Error(Errc::condition_failed, "line " + std::to_string(number) +
                                                 " was loaded before, but the file has only " +
                                                 std::to_string(number_) +
                                                 " lines; if the file was replaced, use --restart");
    }
    return {};
}

KeptMessage LineReader::keep(std::unique_ptr<Line> line) {
    const std::int64_t offset = line->number;
    return {from_file, line.release(), offset};
}

}  // namespace ringside::kafka
