#pragma once

#include <cstdlib>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ringside::testing {

/// A strict parser of Prometheus' text exposition format 0.0.4. Throws std::runtime_error, which
/// names the line, for violations of the format or its conventions.
class Exposition {
public:
    using Labels = std::map<std::string, std::string>;
    struct Sample {
        std::string name;
        Labels labels;
        double value = 0;
    };
    struct Family {
        std::string help;
        std::string type;
        std::vector<Sample> samples;
    };

    static Exposition parse(std::string_view text) {
        if (!text.empty() && text.back() != '\n') throw std::runtime_error("no newline at the end");
        Exposition exposition;
        while (!text.empty()) {
            const std::size_t end = text.find('\n');
            exposition.line_ = text.substr(0, end);
            exposition.take_line();
            text.remove_prefix(end + 1);
        }
        for (const auto& [name, family] : exposition.families_) exposition.check(name, family);
        return exposition;
    }

    [[nodiscard]] const std::map<std::string, Family>& families() const { return families_; }
    [[nodiscard]] bool has(const std::string& name) const { return families_.contains(name); }
    /// Returns the value of a sample, which must exist.
    [[nodiscard]] double value(const std::string& name, const Labels& labels = {}) const {
        for (const auto& [family_name, family] : families_) {
            for (const Sample& sample : family.samples) {
                if (sample.name == name && sample.labels == labels) return sample.value;
            }
        }
        throw std::runtime_error("there is no sample " + name);
    }

private:
    [[noreturn]] void refuse(const std::string& why) const {
        throw std::runtime_error(why + ": " + std::string(line_));
    }

    void take_line() {
        if (line_.empty()) refuse("an empty line");
        if (line_.starts_with("# HELP ")) return begin_family();
        if (line_.starts_with("# TYPE ")) return set_type();
        if (line_.starts_with('#')) refuse("a comment");
        take_sample();
    }

    void begin_family() {
        std::string_view rest = line_.substr(7);
        const std::string name(name_of(rest));
        if (!rest.starts_with(' ')) refuse("no help");
        current_ = name;
        auto [at, is_new] = families_.emplace(name, Family{});
        if (!is_new) refuse("a second HELP");
        at->second.help = unescaped(rest.substr(1), false);
        if (at->second.help.empty()) refuse("an empty help");
    }

    void set_type() {
        std::string_view rest = line_.substr(7);
        const std::string name(name_of(rest));
        if (name != current_) refuse("TYPE is not after its HELP");
        Family& family = families_.at(name);
        if (!family.type.empty() || !family.samples.empty()) refuse("TYPE is late");
        if (rest != " counter" && rest != " gauge" && rest != " histogram") refuse("a wrong type");
        family.type = rest.substr(1);
    }

    void take_sample() {
        std::string_view rest = line_;
        Sample sample{std::string(name_of(rest)), {}, 0};
        if (current_.empty() || families_.at(current_).type.empty()) refuse("a sample before TYPE");
        Family& family = families_.at(current_);
        const std::string suffix =
            sample.name.starts_with(current_) ? sample.name.substr(current_.size()) : "?";
        const bool fits = family.type == "histogram"
                              ? suffix == "_bucket" || suffix == "_sum" || suffix == "_count"
                              : suffix.empty();
        if (!fits) refuse("a sample of another family");
        if (rest.starts_with('{')) sample.labels = labels_of(rest);
        if (!rest.starts_with(' ')) refuse("no space before the value");
        const std::string number(rest.substr(1));
        char* end = nullptr;
        sample.value = std::strtod(number.c_str(), &end);
        if (number.empty() || number.front() == ' ' || *end != '\0') refuse("no value");
        if (!known_.emplace(sample.name, sample.labels).second) refuse("a sample twice");
        family.samples.push_back(std::move(sample));
    }

    /// Removes `{a="b",…}` from the front.
    Labels labels_of(std::string_view& rest) const {
        Labels labels;
        do {
            rest.remove_prefix(1);
            const std::string name(name_of(rest));
            if (!rest.starts_with("=\"")) refuse("a label without a value");
            rest.remove_prefix(2);
            std::size_t end = 0;
            while (end < rest.size() && rest[end] != '"') end += rest[end] == '\\' ? 2 : 1;
            if (end >= rest.size()) refuse("a label's value without an end");
            if (!labels.emplace(name, unescaped(rest.substr(0, end), true)).second) {
                refuse("a label twice");
            }
            rest.remove_prefix(end + 1);
        } while (rest.starts_with(','));
        if (!rest.starts_with('}')) refuse("labels without an end");
        rest.remove_prefix(1);
        return labels;
    }

    std::string unescaped(std::string_view text, bool is_label) const {
        std::string out;
        for (std::size_t i = 0; i < text.size(); ++i) {
            if (text[i] != '\\') {
                out += text[i];
                continue;
            }
            const char next = ++i < text.size() ? text[i] : '?';
            if (next == 'n') out += '\n';
            else if (next == '\\' || (next == '"' && is_label)) out += next;
            else refuse("a wrong escape");
        }
        return out;
    }

    /// Removes a name from the front.
    std::string_view name_of(std::string_view& rest) const {
        std::size_t end = 0;
        while (end < rest.size() && ((rest[end] >= 'a' && rest[end] <= 'z') || rest[end] == '_' ||
                                     (end > 0 && rest[end] >= '0' && rest[end] <= '9'))) {
            ++end;
        }
        if (end == 0) refuse("no name");
        const std::string_view name = rest.substr(0, end);
        rest.remove_prefix(end);
        return name;
    }

    void check(const std::string& name, const Family& family) const {
        const auto fail = [&](const char* why) { throw std::runtime_error(name + ": " + why); };
        if (!name.starts_with("ringside_") && !name.starts_with("process_"))
            fail("the name of another project");
        if (family.type.empty()) fail("no TYPE");
        if (name.ends_with("_total") != (family.type == "counter")) fail("_total is of counters");
        for (const Sample& sample : family.samples) {
            if (family.type != "gauge" && !(sample.value >= 0)) fail("a negative count");
        }
        if (family.type == "histogram") check_histogram(family, fail);
    }

    /// Checks a histogram without labels other than `le`.
    template <class Fail>
    static void check_histogram(const Family& family, Fail fail) {
        double bound = -1;
        double below = 0;
        double all = -1;
        for (const Sample& sample : family.samples) {
            if (!sample.labels.contains("le")) {
                if (sample.name.ends_with("_count") && sample.value != all) fail("+Inf is not all");
                continue;
            }
            const std::string& le = sample.labels.at("le");
            const double next = std::strtod(le.c_str(), nullptr);
            if (!(next > bound)) fail("bounds that do not rise");
            if (sample.value < below) fail("buckets that are not cumulative");
            bound = next;
            below = sample.value;
            if (le == "+Inf") all = sample.value;
        }
        if (family.samples.size() < 3 || all < 0) fail("not a whole histogram");
    }

    std::string_view line_;
    std::string current_;
    std::map<std::string, Family> families_;
    std::set<std::pair<std::string, Labels>> known_;
};

}  // namespace ringside::testing
