#pragma once

#include <gtest/gtest.h>
#include <toml++/toml.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/support/temporary_directory.hpp"
#include "tools/gateway/access/access_config.hpp"

namespace ringside::testing {

/// Configurations, and the files that they name.
class AccessTest : public ::testing::Test {
protected:
    static constexpr std::filesystem::perms for_owner =
        std::filesystem::perms::owner_read | std::filesystem::perms::owner_write;

    void write_file(const std::string& name, const std::string& content,
                    std::filesystem::perms permissions = for_owner) const {
        std::ofstream(directory_ / name, std::ios::binary | std::ios::trunc) << content;
        std::filesystem::permissions(directory_ / name, permissions);
    }

    [[nodiscard]] std::string path(const std::string& name) const { return directory_ / name; }

    [[nodiscard]] Result<gateway::Access> load(const std::string& text) const {
        const std::string file = directory_ / "gateway.toml";
        return gateway::Access::load(toml::parse(text, file), file);
    }

    /// Expects the configuration to be refused with that line and reason.
    void expect_refused(const std::string& text, int line, const std::string& why) const {
        const auto access = load(text);
        ASSERT_FALSE(access) << text;
        EXPECT_EQ(access.error().code, Errc::bad_configuration) << text;
        const std::string begins = directory_ / "gateway.toml" + ":" + std::to_string(line) + ": ";
        EXPECT_TRUE(access.error().detail.starts_with(begins)) << access.error().detail;
        EXPECT_NE(access.error().detail.find(why), std::string::npos) << access.error().detail;
    }

private:
    TemporaryDirectory directory_;
};

}  // namespace ringside::testing
