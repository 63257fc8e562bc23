#pragma once

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <memory>
#include <regex>
#include <string>
#include <vector>

#include "tests/support/process.hpp"
#include "tests/support/test_grid.hpp"
#include "tools/support/built_paths.hpp"

namespace ringside::testing {

struct Outcome {
    std::string output;
    int status = 0;
};

/// Runs a command to completion. The output includes standard error.
inline Outcome shell(const std::string& command) {
    FILE* pipe = popen(("{ " + command + "; } 2>&1").c_str(), "r");
    Outcome outcome;
    std::array<char, 4096> part;
    for (std::size_t got = 0; (got = fread(part.data(), 1, part.size(), pipe)) > 0;) {
        outcome.output.append(part.data(), got);
    }
    outcome.status = WEXITSTATUS(pclose(pipe));
    return outcome;
}

/// Removes the times and writers of changes from the output of `watch` and `subscribe`.
inline std::string without_writers(const std::string& lines) {
    static const std::regex members(R"(,"time":"[^"]*"|,"writer":\{[^}]*\})");
    return std::regex_replace(lines, members, "");
}

/// Runs the command line against a dedicated broker.
class CliTest : public ::testing::Test {
protected:
    TestGrid grid_{with_patience({"--memory", "64MiB"})};

    [[nodiscard]] std::string cli() const {
        return std::string(built::cli) + " -g " + grid_.name() + " ";
    }
    [[nodiscard]] Outcome run(const std::string& arguments) const {
        return shell(cli() + arguments);
    }
    void expect(const std::string& arguments, const std::string& output, int status = 0) const {
        const Outcome outcome = run(arguments);
        EXPECT_EQ(outcome.output, output.empty() ? output : output + "\n") << arguments;
        EXPECT_EQ(outcome.status, status) << arguments;
    }
    void expect_status(const std::string& arguments, int status) const {
        const Outcome outcome = run(arguments);
        EXPECT_EQ(outcome.status, status) << arguments << ": " << outcome.output;
        EXPECT_FALSE(outcome.output.empty()) << arguments;
    }
    /// Starts a command that keeps running.
    [[nodiscard]] std::unique_ptr<Process> start(std::vector<std::string> words) const {
        words.insert(words.begin(), {built::cli, "-g", grid_.name()});
        return std::make_unique<Process>(std::move(words));
    }
    /// Returns the number that follows `"key":` in JSON text.
    static std::uint64_t number_in(const std::string& json, const std::string& key) {
        const std::size_t at = json.find('"' + key + "\":");
        return at == std::string::npos ? 0 : std::stoull(json.substr(at + key.size() + 3));
    }
    /// Repeats a command until its output contains a text. Returns false at the deadline.
    [[nodiscard]] bool comes_to_show(const std::string& arguments, const std::string& text) const {
        return eventually([&] { return run(arguments).output.find(text) != std::string::npos; });
    }
};

}  // namespace ringside::testing
