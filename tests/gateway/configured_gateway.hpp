#pragma once

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/gateway/watching.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tools/gateway/access/api_keys.hpp"

namespace ringside::testing {

/// A gateway that each test configures.
class ConfiguredGateway : public WatchingTest {
protected:
    void configure(const std::string& text) {
        write(text);
        gateway_.stop();
        gateway_.set_options({"--config", file_});
        gateway_.start();
        http_ = HttpClient(gateway_.port());
    }
    void write(const std::string& text) const {
        std::ofstream(file_, std::ios::trunc) << text;
        std::filesystem::permissions(
            file_, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    }
    /// Creates a key of that user. Returns the tables of all keys so far.
    std::string key(const std::string& user) {
        keys_ += "[[api_key]]\nuser = \"" + user + "\"\nhash = \"" +
                 gateway::api_key_hash(user + "-key-0123456789abcdefghijklmnop") + "\"\n";
        return keys_;
    }
    static HttpHeaders as(const std::string& user) {
        return {{"X-API-Key", user + "-key-0123456789abcdefghijklmnop"}};
    }

    std::string keys_;
    TemporaryDirectory directory_;
    const std::string file_ = directory_ / "gateway.toml";
};

}  // namespace ringside::testing
