#pragma once

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace ringside::testing {

/// A unique directory, removed at the end of the test.
class TemporaryDirectory {
public:
    TemporaryDirectory() {
        std::string made = (std::filesystem::temp_directory_path() / "ringside-XXXXXX").string();
        if (mkdtemp(made.data()) == nullptr) throw std::runtime_error("mkdtemp");
        path_ = made;
    }
    ~TemporaryDirectory() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

    [[nodiscard]] std::string operator/(const std::string& name) const {
        return (path_ / name).string();
    }
    [[nodiscard]] std::string path() const { return path_.string(); }

private:
    std::filesystem::path path_;
};

}  // namespace ringside::testing
