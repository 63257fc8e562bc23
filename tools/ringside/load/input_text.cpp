#include "tools/ringside/load/input_text.hpp"

#include <sys/stat.h>

#include <algorithm>

#include "tools/support/files.hpp"

namespace ringside::tools {

namespace {

constexpr std::size_t input_part_bytes = 256 << 10;

}  // namespace

Result<InputText> InputText::open(const std::string& path) {
    auto file = open_input(path);
    if (!file) return file.error();
    InputText input(path, std::move(*file));
    struct stat status {};
    if (fstat(input.file_.get(), &status) == 0 && S_ISREG(status.st_mode)) {
        input.bytes_total_ = static_cast<std::uint64_t>(status.st_size);
    }
    if (auto skipped = input.skip_byte_order_mark(); !skipped) return skipped.error();
    return input;
}

Result<bool> InputText::read_more() {
    // Bounds the copying of the rest to a share of the consumed bytes.
    if (begin_ > buffer_.size() / 2) {
        buffer_.erase(0, begin_);
        begin_ = 0;
    }
    const std::size_t before = buffer_.size();
    buffer_.resize(before + input_part_bytes);
    const auto got = read_input(file_, path_, buffer_.data() + before, input_part_bytes);
    buffer_.resize(before + (got ? *got : 0));
    if (!got) return got.error();
    return *got != 0;
}

void InputText::take(std::size_t bytes) noexcept {
    const std::string_view taken = text().substr(0, bytes);
    line_ += static_cast<std::uint64_t>(std::count(taken.begin(), taken.end(), '\n'));
    bytes_taken_ += taken.size();
    begin_ += taken.size();
}

Result<void> InputText::skip_byte_order_mark() {
    constexpr std::string_view of_utf8 = "\xEF\xBB\xBF";
    while (text().size() < 4) {
        const auto more = read_more();
        if (!more) return more.error();
        if (!*more) break;
    }
    if (text().starts_with(of_utf8)) take(of_utf8.size());
    // The marks of UTF-32 begin or end in the same way.
    for (const std::string_view wide : {"\xFF\xFE", "\xFE\xFF"}) {
        if (!text().starts_with(wide) && text().substr(0, 4).find(wide) != 2) continue;
        return Error(Errc::bad_input, "text is UTF-16 or UTF-32; convert it to UTF-8");
    }
    return {};
}

}  // namespace ringside::tools
