#include <sys/mman.h>
#include <unistd.h>

#include <limits>

#include "broker/config/options.hpp"
#include "shm/base/descriptor.hpp"
#include "tests/fuzz/support/input.hpp"

/// Parses a configuration file: the result is options within their limits, or an error with its
/// place.
using namespace ringside;
using fuzz::require;

namespace {

/// A file without a name.
class File {
public:
    File() : descriptor_(memfd_create("ringside-fuzz", MFD_CLOEXEC)) {}

    [[nodiscard]] std::string path() const {
        return "/proc/self/fd/" + std::to_string(descriptor_.get());
    }
    void hold(fuzz::Input& input) const {
        const ByteView bytes = input.rest();
        const bool is_written = ftruncate(descriptor_.get(), 0) == 0 &&
                                pwrite(descriptor_.get(), bytes.data(), bytes.size(), 0) ==
                                    static_cast<ssize_t>(bytes.size());
        require(is_written, "memory for a file");
    }

private:
    Descriptor descriptor_;
};

void check_rules(const broker::Options& options) {
    for (const broker::RoleRule& rule : options.rules) {
        require(rule.id != std::numeric_limits<std::uint32_t>::max(), "an id that there can be");
        for (const Pattern& pattern : rule.access.patterns) {
            require(Pattern::parse(pattern.text()).has_value(), "a pattern");
        }
    }
}

void check_whole(const std::string& path) {
    const std::string flag = "--config=" + path;
    const char* arguments[] = {"ringside-broker", flag.c_str()};
    const auto parsed = broker::parse_options(2, arguments);
    if (!parsed) return;
    const broker::Options& options = parsed->options;
    require(shm::GridPaths::of(options.grid).has_value(), "a grid's name");
    require(options.sessions_max >= 1 && options.sessions_max <= limits::sessions_max, "sessions");
    require(options.spin.count() >= 0 && options.spin <= std::chrono::minutes(1), "spin");
    require(options.durability_interval.count() >= 1, "interval");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const File file;
    fuzz::Input input(data, size);
    file.hold(input);
    broker::Options options;
    const auto read = broker::read_config_file(file.path(), options);
    if (!read) {
        require(read.error() == Errc::bad_configuration, read.error().text());
        require(read.error().detail.starts_with(file.path() + ":"),
                "where: " + read.error().text());
        return 0;
    }
    check_rules(options);
    check_whole(file.path());
    return 0;
}
