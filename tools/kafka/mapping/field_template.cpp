#include "tools/kafka/mapping/field_template.hpp"

#include <algorithm>

#include "tools/kafka/mapping/mapping_limits.hpp"
#include "tools/kafka/mapping/unmappable.hpp"
#include "tools/support/text_template.hpp"

namespace ringside::kafka {

namespace {

Error too_long(const std::string& name, FieldTemplate::Purpose purpose) {
    return {
        purpose == FieldTemplate::Purpose::name ? Errc::name_too_long : Errc::document_too_large,
        "with '" + name + "'"};
}

Error bad_part(const std::string& name, const FieldValue& value) {
    if (!is_there(value)) return {Errc::path_not_found, "no value of '" + name + "'"};
    return unmappable("'" + name + "' is " + shown(value) +
                      "; a template takes strings, integers, true and false");
}

bool has_slash(std::string_view text) noexcept { return text.find('/') != std::string_view::npos; }

Error bad_name(const std::string& name, std::string_view text) {
    if (text.empty()) return {Errc::bad_name, "'" + name + "' is empty"};
    return {Errc::bad_name, "'" + name + "' contains '/': " + shown(FieldValue(text))};
}

}  // namespace

Result<FieldTemplate> FieldTemplate::parse(std::string_view text, FieldTable& fields) {
    if (text.size() > mapping_limits::template_bytes_max) {
        return Error(
            Errc::bad_configuration,
            "template exceeds " + std::to_string(mapping_limits::template_bytes_max) + " bytes");
    }
    auto parts = tools::parse_template(text);
    if (!parts) return Error(Errc::bad_configuration, parts.error().detail);
    if (parts->size() > mapping_limits::placeholders_max + 1) {
        return Error(
            Errc::bad_configuration,
            "template exceeds " + std::to_string(mapping_limits::placeholders_max) + " fields");
    }
    FieldTemplate made;
    for (tools::TemplatePart& part : *parts) {
        Part& added = made.parts_.emplace_back();
        added.text = std::move(part.text);
        if (!part.placeholder) continue;
        std::string_view path = *part.placeholder;
        added.has_field = true;
        added.may_have_slash = path.ends_with(":path");
        if (added.may_have_slash) path.remove_suffix(5);
        const auto field = fields.add(path);
        if (!field) return field.error();
        added.field = *field;
    }
    return made;
}

bool FieldTemplate::is_one_field() const noexcept {
    return parts_.size() == 2 && parts_[0].text.empty() && parts_[1].text.empty() &&
           !parts_[0].may_have_slash;
}

bool FieldTemplate::can_fill(const MessageFields& message) const noexcept {
    return std::all_of(parts_.begin(), parts_.end(), [&](const Part& part) {
        return !part.has_field || is_there(message.get(part.field));
    });
}

Result<void> FieldTemplate::fill(const MessageFields& message, Purpose purpose,
                                 std::string& out) const {
    const bool is_name = purpose == Purpose::name;
    const std::size_t bytes_max = is_name ? limits::name_bytes_max : limits::document_bytes_max;
    for (const Part& part : parts_) {
        out += part.text;
        if (!part.has_field) break;
        const FieldValue value = message.get(part.field);
        if (const auto* text = std::get_if<std::string_view>(&value)) {
            if (out.size() + text->size() > bytes_max) {
                return too_long(message.name(part.field), purpose);
            }
            if (is_name && (text->empty() || (!part.may_have_slash && has_slash(*text)))) {
                return bad_name(message.name(part.field), *text);
            }
        }
        if (!append_text(value, out)) return bad_part(message.name(part.field), value);
    }
    return {};
}

}  // namespace ringside::kafka
