#include <string>
#include <string_view>
#include <unordered_set>

#include "shm/document/value.hpp"
#include "shm/document/verify.hpp"

namespace ringside {

namespace {

std::string hex(Offset offset) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (int shift = 44; shift >= 0; shift -= 4) {
        const auto digit = static_cast<std::size_t>(offset >> shift & 15);
        if (digit != 0 || !text.empty()) text += digits[digit];
    }
    return "0x" + (text.empty() ? "0" : text);
}

/// Walks a document page by page. No page is visited twice, so the page space bounds the work.
class PagesVerifier {
public:
    explicit PagesVerifier(const PageSpace& space) : space_(space) {}

    Result<void> document(ByteView root) {
        Sums sums;
        const auto visit = [&] { return value(Value::of(root, &space_), 0, sums); };
        if (!content(root, sums, visit)) return failure_;
        if (sums.expanded > limits::document_bytes_max) return Error(Errc::document_too_large);
        return {};
    }

private:
    /// As in `DocumentBuilder`: including the values themselves.
    struct Sums {
        std::uint64_t expanded = 0;
        std::uint64_t encoded_below = 0;
        std::size_t references = 0;
    };

    bool wrong(std::string what, Errc code = Errc::bad_document) {
        failure_ = {code, std::move(what)};
        return false;
    }
    bool wrong(const PageRef& ref, const char* what, Errc code = Errc::bad_document) {
        return wrong("page at " + hex(ref.offset) + ": " + what, code);
    }

    /// Checks that bytes are a page, and that each reference in them leads to a page. `visit`
    /// counts the contents of the values.
    template <class Visit>
    bool content(ByteView bytes, Sums& sums, Visit visit) {
        std::vector<PageRef> references;
        if (auto verified = verify_page(bytes, references); !verified) {
            failure_ = verified.error();
            return false;
        }
        for (const PageRef& ref : references) {
            if (!Value::of_page(ref, space_).exists()) return wrong(ref, "cannot be read");
        }
        if (!visit()) return false;
        return sums.references == references.size() ||
               wrong("page reference is not used by any value");
    }

    bool value(const Value& value, std::size_t depth, Sums& sums) {
        ++sums.expanded;
        if (value.is_paged()) return page(value.page_ref(), depth, sums);
        return children(value, depth, sums);
    }

    /// Counts the contents of a value of one page, without the value itself.
    bool children(const Value& value, std::size_t depth, Sums& sums) {
        if (value.is_string()) sums.expanded += value.size();
        if (!value.is_container()) return true;
        if (depth == limits::depth_max) return wrong("nested too deeply", Errc::too_deep);
        for (const Value element : value.elements()) {
            if (!this->value(element, depth + 1, sums)) return false;
        }
        for (const auto& [key, member] : value.members()) {
            sums.expanded += key.size();
            if (!this->value(member, depth + 1, sums)) return false;
        }
        return true;
    }

    /// Checks that a page, and all pages below, match their headers and the references to them.
    bool page(const PageRef& ref, std::size_t depth, Sums& around) {
        ++around.references;
        if (!visited_.insert(ref.offset).second) return wrong(ref, "page is referenced twice");
        const Value page = Value::of_page(ref, space_);
        if (!page.exists()) return wrong(ref, "cannot be read");
        const PageHeader header = page.page_header();
        if (header.level != ref.level || header.kind != ref.kind || header.count != ref.count) {
            return wrong(ref, "page does not match its reference");
        }
        Sums sums;
        const auto visit = [&] { return children(page, depth, sums); };
        const bool is_right = ref.level == 0 ? content(page.page_bytes(), sums, visit)
                                             : parts(page, ref, depth, sums);
        if (!is_right) return false;
        if (header.expanded != sums.expanded ||
            header.encoded != page.page_bytes().size() + sums.encoded_below ||
            header.nests != (sums.references != 0)) {
            return wrong(ref, "page header does not match its content");
        }
        around.expanded += header.expanded;
        around.encoded_below += header.encoded;
        return true;
    }

    /// Checks the parts of an inner page: each has the level below, and their keys ascend.
    bool parts(const Value& page, const PageRef& ref, std::size_t depth, Sums& sums) {
        std::vector<PageRef> references;
        if (auto verified = verify_page(page.page_bytes(), references); !verified) {
            return wrong(ref, verified.error().detail.c_str(), verified.error().code);
        }
        const std::size_t part_count = page.part_count();
        std::uint64_t count = 0;
        for (std::size_t i = 0; i < part_count; ++i) {
            const PageRef below = page.part_ref(i);
            count += below.count;
            if (below.level + 1 != ref.level || below.kind != ref.kind) {
                return wrong(ref, "page references a page of another tree");
            }
            if (!this->page(below, depth, sums)) return false;
            if (i == 0 || !page.is_object()) continue;
            const Value before = page.part(i - 1);
            if (before.key(before.size() - 1) >= page.part_key(i) ||
                page.part(i).key(0) < page.part_key(i)) {
                return wrong(ref, "page entries are not sorted");
            }
        }
        if (part_count == 0 || part_count != references.size() || count != ref.count) {
            return wrong(ref, "page holds a different number of entries than its header states");
        }
        return true;
    }

    const PageSpace& space_;
    std::unordered_set<Offset> visited_;
    Error failure_;
};

}  // namespace

Result<void> verify_pages(ByteView root, const PageSpace& space) {
    return PagesVerifier(space).document(root);
}

}  // namespace ringside
