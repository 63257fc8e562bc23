#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "tools/gateway/valve/valve_permissions.hpp"

namespace ringside::testing {

/// deepstream's rules and decisions, without a grid.
class ValveTest : public ::testing::Test {
protected:
    using Action = gateway::Action;

    /// The records and the new document that rules read.
    class Documents final : public gateway::Evidence {
    public:
        [[nodiscard]] gateway::RecordJson record(std::string_view name) const override {
            ++reads;
            if (is_broken) return Error(Errc::no_such_grid);
            const auto found = records.find(name);
            if (found == records.end()) return std::optional<std::string>();
            return std::optional(found->second);
        }
        [[nodiscard]] std::optional<std::string> data() const override {
            ++reads;
            return new_document;
        }

        std::map<std::string, std::string, std::less<>> records;
        std::optional<std::string> new_document;
        bool is_broken = false;
        mutable int reads = 0;  ///< number of requests
    };

    /// Returns a file with these paths for records, and nothing else allowed.
    static std::string file_of_records(const std::string& paths) {
        return "record:\n  \"*\": {read: false}\n" + paths +
               "event: {\"*\": {publish: false}}\nrpc: {\"*\": {request: false}}\n"
               "presence: {\"*\": {allow: false}}\n";
    }
    /// Returns a file in which one expression decides everything.
    static std::string file_of(const std::string& expression) {
        std::string quoted;
        append_json_string(expression, quoted);
        return file_of_records("  \"x/$id\": {write: " + quoted + "}\n");
    }

    void load(const std::string& text, const std::string& name = "rules.yml") {
        rules_ = nullptr;
        auto loaded = gateway::valve::ValveRules::parse(text, name);
        ASSERT_TRUE(loaded) << loaded.error().text();
        rules_ = *loaded;
    }
    /// Returns why a file is refused, or an empty text.
    static std::string refusal(const std::string& text, const std::string& name = "rules.yml") {
        const auto loaded = gateway::valve::ValveRules::parse(text, name);
        if (loaded) return {};
        EXPECT_EQ(loaded.error().code, Errc::bad_configuration);
        return loaded.error().detail;
    }

    [[nodiscard]] gateway::Decision ask(Action action, const std::string& name) const {
        const gateway::RecordSource source = [this](std::string_view of) {
            return documents_.record(of);
        };
        const gateway::valve::ValvePermissions permissions(rules_, identity_, source);
        gateway::Decision decision = permissions.decide(action, name, documents_);
        // The rule is a view into the permissions, which end here.
        decision.rule = {};
        return decision;
    }
    [[nodiscard]] bool may(Action action, const std::string& name) const {
        return ask(action, name).is_allowed;
    }
    /// Returns the result of an expression: "yes", "no", or "failed: …".
    std::string evaluate(const std::string& expression) {
        load(file_of(expression));
        if (rules_ == nullptr) return "not loaded";
        return outcome("x/17");
    }
    /// Returns the result of the rule for a record.
    [[nodiscard]] std::string outcome(const std::string& name) const {
        const auto decision = ask(Action::write, name);
        if (decision.has_failed) {
            EXPECT_FALSE(decision.is_allowed);
            return "failed: " + decision.failure;
        }
        return decision.is_allowed ? "yes" : "no";
    }
    /// Returns why an expression is refused.
    static std::string refused(const std::string& expression) {
        return refusal(file_of(expression));
    }

    gateway::Identity identity_{.user = "anna", .claims = {}, .data = R"({"role":"admin","n":3})"};
    Documents documents_;
    std::shared_ptr<const gateway::valve::ValveRules> rules_;
};

}  // namespace ringside::testing
