#include "tools/gateway/deepstream/login/yaml_document.hpp"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "shm/document/builder.hpp"

namespace ringside::gateway::deepstream {

namespace {

Error bad_yaml(const YAML::Mark& mark, const std::string& what) {
    return {Errc::bad_configuration, std::to_string(mark.line + 1) + ": " + what};
}

template <std::size_t Count>
bool is_one_of(std::string_view text, const std::array<std::string_view, Count>& words) noexcept {
    return std::find(words.begin(), words.end(), text) != words.end();
}

/// Parses a whole text as a number.
template <class Number, class... Format>
std::optional<Number> number_of(std::string_view text, Format... format) noexcept {
    Number number{};
    const char* const end = text.data() + text.size();
    const auto [stopped, failed] = std::from_chars(text.data(), end, number, format...);
    if (failed != std::errc() || stopped != end) return std::nullopt;
    return number;
}

bool has_only(std::string_view text, std::string_view bytes) noexcept {
    return !text.empty() && text.find_first_not_of(bytes) == std::string_view::npos;
}

/// Converts the nodes of a YAML text to a document. Stops at the first node that has no equivalent.
class YamlReader {
public:
    Result<YamlDocument> read(const YAML::Node& root) {
        if (auto added = add(root); !added) return added.error();
        const auto made = builder_.finish();
        if (!made) return bad_yaml(root.Mark(), made.error().text());
        YamlDocument result{.document = Bytes(made->begin(), made->end()), .lines = {}};
        if (!root.IsMap()) return result;
        for (const auto& member : root) {
            result.lines.emplace(member.first.Scalar(), member.first.Mark().line + 1);
        }
        return result;
    }

private:
    // Anchors can expand a short text to a long or endless one. So the result has limits of depth
    // and size, which each step checks.
    Result<void> add(const YAML::Node& node) {
        if (auto added = add_any(node); !added) return added;
        return check(node);
    }

    Result<void> add_any(const YAML::Node& node) {
        if (node.IsScalar()) return add_scalar(node);
        if (node.IsSequence()) return add_sequence(node);
        if (node.IsMap()) return add_map(node);
        builder_.null();
        return {};
    }

    Result<void> check(const YAML::Node& node) {
        if (!builder_.failed()) return {};
        return bad_yaml(node.Mark(), builder_.finish().error().text());
    }

    Result<void> add_scalar(const YAML::Node& node) {
        const std::string& text = node.Scalar();
        // A quoted scalar has the tag "!", a plain one has "?".
        if (node.Tag() == "!" || node.Tag() == "tag:yaml.org,2002:str") builder_.string(text);
        else if (node.Tag() == "?") add_plain(text);
        else return bad_yaml(node.Mark(), "tag " + node.Tag() + " is not supported");
        return {};
    }

    void add_plain(std::string_view text) {
        constexpr std::array<std::string_view, 3> yes = {"true", "True", "TRUE"};
        constexpr std::array<std::string_view, 3> no = {"false", "False", "FALSE"};
        constexpr std::array<std::string_view, 5> nothing = {"", "~", "null", "Null", "NULL"};
        if (is_one_of(text, nothing)) return builder_.null();
        if (is_one_of(text, yes)) return builder_.boolean(true);
        if (is_one_of(text, no)) return builder_.boolean(false);
        if (!add_integer(text) && !add_real(text)) builder_.string(text);
    }

    bool add_integer(std::string_view text) {
        std::optional<std::int64_t> number;
        if (text.starts_with("0x")) {
            if (!has_only(text.substr(2), "0123456789abcdefABCDEF")) return false;
            number = number_of<std::int64_t>(text.substr(2), 16);
        } else if (text.starts_with("0o")) {
            if (!has_only(text.substr(2), "01234567")) return false;
            number = number_of<std::int64_t>(text.substr(2), 8);
        } else {
            number = number_of<std::int64_t>(text.starts_with('+') ? text.substr(1) : text);
        }
        if (number) builder_.integer(*number);
        return number.has_value();
    }

    bool add_real(std::string_view text) {
        const std::string_view bytes = text.starts_with('+') ? text.substr(1) : text;
        if (!has_only(bytes, "0123456789.eE+-")) return false;
        const auto number = number_of<double>(bytes, std::chars_format::general);
        if (number) builder_.real(*number);
        return number.has_value();
    }

    Result<void> add_sequence(const YAML::Node& node) {
        builder_.begin_array();
        for (const auto& item : node) {
            if (auto checked = check(node); !checked) return checked;
            if (auto added = add(item); !added) return added;
        }
        builder_.end_array();
        return {};
    }

    Result<void> add_map(const YAML::Node& node) {
        builder_.begin_object();
        for (const auto& member : node) {
            if (auto checked = check(node); !checked) return checked;
            if (!member.first.IsScalar())
                return bad_yaml(member.first.Mark(), "key is not a string");
            const std::string& key = member.first.Scalar();
            if (key == "<<")
                return bad_yaml(member.first.Mark(), "'<<' (merge key) is not supported");
            builder_.key(key);
            if (auto added = add(member.second); !added) return added;
        }
        builder_.end_object();
        return {};
    }

    DocumentBuilder builder_;
};

}  // namespace

Result<YamlDocument> document_from_yaml(const std::string& text) {
    try {
        const std::vector<YAML::Node> documents = YAML::LoadAll(text);
        if (documents.size() != 1) {
            return Error(Errc::bad_configuration, "1: not a single YAML document");
        }
        return YamlReader().read(documents.front());
    } catch (const YAML::Exception& failure) {
        return bad_yaml(failure.mark, failure.msg);
    }
}

}  // namespace ringside::gateway::deepstream
