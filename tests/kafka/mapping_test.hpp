#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <toml++/toml.h>

#include <optional>
#include <string>
#include <vector>

#include "shm/document/json.hpp"
#include "tools/kafka/mapping/mapper.hpp"

namespace ringside::testing {

/// Reads the mapping of a topic from rules in a text, beginning with line 1.
inline Result<kafka::Mapping> read_mapping(const std::string& toml) {
    const toml::table table = toml::parse(toml);
    return kafka::Mapping::read(table, tools::TomlFile("kafka.toml"));
}

/// Returns the error for these rules, or "".
inline std::string mapping_error(const std::string& toml) {
    const auto mapping = read_mapping(toml);
    if (mapping) return "";
    EXPECT_EQ(mapping.error(), Errc::bad_configuration);
    return mapping.error().detail;
}

/// Returns a rule for records named by the key, with further lines.
inline std::string rule_by_key(const std::string& lines = "") {
    return "[[rule]]\nrecord = \"a/{key}\"\n" + lines + "\n";
}

/// Maps messages by rules, and formats the results as text.
class MappingTest : public ::testing::Test {
protected:
    void load(const std::string& toml) { mapper_.emplace(read_mapping(toml).value()); }

    /// Returns "put a/b {…}", followed by " ttl 5" if set, or an error as "<bad_json> detail".
    std::vector<std::string> map(const kafka::MessageView& message) {
        const auto writes = mapper_->map(message);
        if (!writes) {
            return {"<" + std::string(name(writes.error().code)) + "> " + writes.error().detail};
        }
        std::vector<std::string> shown;
        for (const kafka::MappedWrite& write : *writes) shown.push_back(text_of(write));
        return shown;
    }

    std::vector<std::string> map(std::string_view value) {
        return map(kafka::MessageView{.topic = "seats",
                                      .partition = 3,
                                      .offset = 42,
                                      .timestamp_ms = 1'700'000'000'000,
                                      .key = "k",
                                      .value = value,
                                      .headers = {}});
    }

    std::vector<std::string> map_tombstone(std::string_view key) {
        return map(kafka::MessageView{.topic = "seats",
                                      .partition = 3,
                                      .offset = 42,
                                      .timestamp_ms = -1,
                                      .key = key,
                                      .value = std::nullopt,
                                      .headers = {}});
    }

    /// Returns the single line for a message.
    std::string map_one(std::string_view value) {
        const auto lines = map(value);
        EXPECT_EQ(lines.size(), 1U);
        return lines.empty() ? "" : lines[0];
    }

    static std::string text_of(const kafka::MappedWrite& write) {
        constexpr const char* names[] = {"put ", "merge ", "json_patch ", "remove "};
        std::string text = names[static_cast<std::size_t>(write.operation)];
        text += write.name;
        if (write.operation == kafka::Operation::remove) {
            EXPECT_TRUE(write.document.empty());
            return text + (write.ignores_missing ? "" : " strictly");
        }
        text += " " + to_json(Value::of(write.document));
        if (write.ttl.count() > 0) text += " ttl " + std::to_string(write.ttl.count());
        return text;
    }

    std::optional<kafka::Mapper> mapper_;
};

}  // namespace ringside::testing
