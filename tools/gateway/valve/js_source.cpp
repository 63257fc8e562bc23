#include "tools/gateway/valve/js_source.hpp"

#include <fmt/format.h>

#include <cmath>

#include "shm/document/json.hpp"

namespace ringside::gateway::valve {

namespace {

void write(const Node& node, std::string& out);

void write_list(const std::vector<Node>& nodes, std::size_t first, std::string& out) {
    for (std::size_t at = first; at < nodes.size(); ++at) {
        if (at > first) out += ',';
        write(nodes[at], out);
    }
}

void write_number(double number, std::string& out) {
    if (std::isnan(number)) out += "(0/0)";
    else if (std::isinf(number)) out += "(1/0)";
    else fmt::format_to(std::back_inserter(out), "({})", number);
}

/// Writes a string as in JSON, which differs from JavaScript in two characters.
void write_string(std::string_view text, std::string& out) {
    const std::size_t begin = out.size();
    append_json_string(text, out);
    for (const auto& [character, escape] :
         {std::pair("\xE2\x80\xA8", "\\u2028"), std::pair("\xE2\x80\xA9", "\\u2029")}) {
        for (std::size_t at = out.find(character, begin); at != std::string::npos;
             at = out.find(character, at)) {
            out.replace(at, 3, escape);
        }
    }
}

void write_unary(const Node& node, std::string& out) {
    out += '(' + node.text + ' ';
    write(node.operands[0], out);
    out += ')';
}

void write_binary(const Node& node, std::string& out) {
    out += '(';
    write(node.operands[0], out);
    out += ' ' + node.text + ' ';
    write(node.operands[1], out);
    out += ')';
}

void write_conditional(const Node& node, std::string& out) {
    out += '(';
    write(node.operands[0], out);
    out += '?';
    write(node.operands[1], out);
    out += ':';
    write(node.operands[2], out);
    out += ')';
}

/// Writes `object["name"]`, for any name.
void write_member(const Node& object, std::string_view name, std::string& out) {
    write(object, out);
    out += "[\"";
    out += name;
    out += "\"]";
}

void write(const Node& node, std::string& out) {
    switch (node.kind) {
        case Node::Kind::undefined: out += "(void 0)"; return;
        case Node::Kind::null: out += "null"; return;
        case Node::Kind::boolean: out += node.number != 0 ? "true" : "false"; return;
        case Node::Kind::number: return write_number(node.number, out);
        case Node::Kind::string: return write_string(node.text, out);
        case Node::Kind::variable: out += node.text; return;
        case Node::Kind::unary: return write_unary(node, out);
        case Node::Kind::binary: return write_binary(node, out);
        case Node::Kind::conditional: return write_conditional(node, out);
        case Node::Kind::member: return write_member(node.operands[0], node.text, out);
        case Node::Kind::array:
            out += '[';
            write_list(node.operands, 0, out);
            out += ']';
            return;
        case Node::Kind::element:
            write(node.operands[0], out);
            out += '[';
            write(node.operands[1], out);
            out += ']';
            return;
        case Node::Kind::method:
            write_member(node.operands[0], node.text, out);
            out += '(';
            write_list(node.operands, 1, out);
            out += ')';
            return;
        case Node::Kind::match:
            out += "match(";
            write(node.operands[0], out);
            out += ',';
            write_number(node.number, out);
            out += ')';
            return;
        case Node::Kind::cross_reference:
            out += "_(";
            write(node.operands[0], out);
            out += ')';
            return;
    }
}

}  // namespace

std::string js_source(const Expression& expression, const Scope& scope) {
    std::string out = "function(_,match,user,data,oldData,now,action,name";
    for (const std::string& variable : scope.path_variables) out += ',' + variable;
    out += "){return ";
    write(expression.root, out);
    return out + ";}";
}

}  // namespace ringside::gateway::valve
