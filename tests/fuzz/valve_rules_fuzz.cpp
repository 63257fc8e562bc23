#include "shm/base/utf8.hpp"
#include "shm/document/json.hpp"
#include "tests/fuzz/support/input.hpp"
#include "tools/gateway/valve/valve_permissions.hpp"

/// A file of deepstream's permission rules, or one expression: a name and a document, one per line,
/// then the text. It is refused with a place, or can decide about anything. Native evaluation
/// equals that of the engine.
using namespace ringside;
using namespace ringside::gateway;
using fuzz::require;

namespace {

constexpr const char* file_name = "rules.yml";

class Documents final : public Evidence {
public:
    /// A text that is not a document cannot be a record.
    explicit Documents(std::string_view json)
        : json_(document_from_json(json) ? std::string(json) : std::string("{}")) {}

    [[nodiscard]] RecordJson record(std::string_view) const override {
        return std::optional(json_);
    }
    [[nodiscard]] std::optional<std::string> data() const override { return json_; }

private:
    std::string json_;
};

const Identity& user() {
    static const Identity made{
        .user = "anna", .claims = {}, .data = R"({"role":"admin","level":3,"tags":["a","b"]})"};
    return made;
}

std::shared_ptr<const valve::ValveRules> load(std::string_view text) {
    auto loaded = valve::ValveRules::parse(text, file_name);
    if (loaded) return *loaded;
    require(loaded.error() == Errc::bad_configuration, loaded.error().text());
    require(loaded.error().detail.starts_with(std::string(file_name) + ":"),
            "where: " + loaded.error().text());
    return nullptr;
}

std::shared_ptr<const valve::ValveRules> load_expression(std::string_view text) {
    std::string quoted;
    append_json_string(text, quoted);
    return load("record: {\"*\": {read: false}, \"x/$id\": {write: " + quoted +
                "}}\nevent: {\"*\": {publish: true}}\nrpc: {\"*\": {request: true}}\n"
                "presence: {\"*\": {allow: true}}\n");
}

Decision ask(const std::shared_ptr<const valve::ValveRules>& rules, Action action,
             std::string_view name, const Documents& documents) {
    const valve::ValvePermissions permissions(rules, user(), nullptr);
    Decision decision = permissions.decide(action, name, documents);
    require(!decision.has_failed || !decision.is_allowed, "what fails is denied");
    decision.rule = {};
    return decision;
}

void check_file(std::string_view text, std::string_view name, const Documents& documents) {
    const auto rules = load(text);
    if (rules == nullptr) return;
    for (const Action action : all_actions) {
        const bool is_allowed = ask(rules, action, name, documents).is_allowed;
        const auto pattern = Pattern::parse(name);
        if (!pattern || !pattern->is_literal()) continue;
        const Coverage coverage = rules->coverage(action, *pattern);
        require(coverage != Coverage::all || is_allowed, "all are allowed, and this one not");
        require(action == Action::presence || coverage != Coverage::none || !is_allowed,
                "none is allowed, but this one");
    }
}

void check_expression(const std::string& text, const Documents& documents) {
    const auto rules = load_expression(text);
    if (rules == nullptr) return;
    const Decision decision = ask(rules, Action::write, "x/17", documents);
    // Only the engine evaluates expressions in brackets. A comment may swallow the brackets.
    const auto in_engine = load_expression("[" + text + "][0]");
    if (in_engine == nullptr || text.find("now") != std::string::npos) return;
    if (text.find('/') != std::string::npos) return;
    const Decision other = ask(in_engine, Action::write, "x/17", documents);
    require(decision.is_allowed == other.is_allowed && decision.has_failed == other.has_failed,
            "the engine says the same of " + text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::Input input(data, size);
    const std::string name(input.text_until('\n'));
    const Documents documents(input.text_until('\n'));
    const std::string text(input.text());
    if (name == "expression") {
        if (is_utf8(text)) check_expression(text, documents);
    } else {
        check_file(text, name, documents);
    }
    return 0;
}
