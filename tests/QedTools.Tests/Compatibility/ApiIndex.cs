using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace QedTools.Tests.Compatibility;

/// <summary>
/// The public types and static members of the assemblies in Windows PowerShell 5.1: those of .NET Framework 4.7.2 and of the
/// PowerShell engine, both read from their reference assemblies.
/// </summary>
internal sealed class ApiIndex
{
    private const string Constructor = ".ctor";

    private readonly Dictionary<string, ILookup<string, Parameters>> _types = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Reads the assemblies in the given folders.</summary>
    public ApiIndex(params IEnumerable<string> folders)
    {
        foreach (string path in folders.SelectMany(folder => Directory.EnumerateFiles(folder, "*.dll")))
        {
            using PEReader file = new(File.OpenRead(path));
            if (file.HasMetadata)
            {
                Add(file.GetMetadataReader());
            }
        }
    }

    /// <summary>The index of the packages that this project restores.</summary>
    public static Lazy<ApiIndex> WindowsPowerShell { get; } = new(() => new ApiIndex(
        typeof(ApiIndex).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Where(attribute => attribute.Key == "WindowsPowerShellApi").Select(attribute => attribute.Value!)));

    /// <summary>Whether a type has that full name; a generic one is named with a backtick and its arity.</summary>
    public bool HasType(string type) => _types.ContainsKey(type);

    /// <summary>Whether a type has a static member with that name and number of arguments; null for a property or field.</summary>
    public bool HasMember(string type, string member, int? arguments) =>
        _types.TryGetValue(type, out ILookup<string, Parameters>? members)
        && (member == "new" ? Constructor : member) is { } name
        && (IsImplied(type, name, arguments) || members[name].Any(parameters => parameters.Takes(arguments)));

    // Value types have a parameterless constructor that the metadata does not show.
    private bool IsImplied(string type, string name, int? arguments) =>
        name == Constructor && arguments == 0 && !_types[type].Contains(Constructor);

    private void Add(MetadataReader reader)
    {
        foreach (TypeDefinition type in reader.TypeDefinitions.Select(reader.GetTypeDefinition))
        {
            if ((type.Attributes & TypeAttributes.VisibilityMask) is TypeAttributes.Public or TypeAttributes.NestedPublic)
            {
                _types.TryAdd(NameOf(reader, type), MembersOf(reader, type).ToLookup(
                    member => member.Name, member => member.Parameters, StringComparer.OrdinalIgnoreCase));
            }
        }
    }

    private static string NameOf(MetadataReader reader, TypeDefinition type) => type.GetDeclaringType() is { IsNil: false } outer
        ? NameOf(reader, reader.GetTypeDefinition(outer)) + "+" + reader.GetString(type.Name)
        : reader.GetString(type.Namespace) + "." + reader.GetString(type.Name);

    private static IEnumerable<(string Name, Parameters Parameters)> MembersOf(MetadataReader reader, TypeDefinition type)
    {
        foreach (MethodDefinition method in type.GetMethods().Select(reader.GetMethodDefinition))
        {
            string name = reader.GetString(method.Name);
            bool isStatic = method.Attributes.HasFlag(MethodAttributes.Static);
            if ((method.Attributes & MethodAttributes.MemberAccessMask) == MethodAttributes.Public && (isStatic || name == Constructor))
            {
                yield return (name, Parameters.Of(reader, method));
                if (name.StartsWith("get_", StringComparison.Ordinal))
                {
                    yield return (name[4..], Parameters.None);
                }
            }
        }

        foreach (FieldDefinition field in type.GetFields().Select(reader.GetFieldDefinition))
        {
            if ((field.Attributes & FieldAttributes.FieldAccessMask) == FieldAttributes.Public && field.Attributes.HasFlag(FieldAttributes.Static))
            {
                yield return (reader.GetString(field.Name), Parameters.None);
            }
        }
    }

    /// <summary>The number of arguments that a member takes; both bounds are null if it is not a method.</summary>
    private readonly record struct Parameters(int? Min, int? Max)
    {
        public static Parameters None => new(null, null);

        public static Parameters Of(MetadataReader reader, MethodDefinition method)
        {
            // Parameter 0 holds the attributes of the return value; it exists only if there are some.
            List<Parameter> all = [.. method.GetParameters().Select(reader.GetParameter).Where(parameter => parameter.SequenceNumber > 0)];
            int optional = all.Count(parameter => parameter.Attributes.HasFlag(ParameterAttributes.Optional));
            bool isOpen = all.Count > 0 && all[^1].GetCustomAttributes().Any(handle => IsParamArray(reader, handle));
            return new Parameters(all.Count - optional - (isOpen ? 1 : 0), isOpen ? int.MaxValue : all.Count);
        }

        public bool Takes(int? arguments) => arguments is { } count ? count >= Min && count <= Max : true;

        private static bool IsParamArray(MetadataReader reader, CustomAttributeHandle handle) =>
            reader.GetCustomAttribute(handle).Constructor is { Kind: HandleKind.MemberReference or HandleKind.MethodDefinition } constructor
            && AttributeName(reader, constructor) == "ParamArrayAttribute";

        private static string? AttributeName(MetadataReader reader, EntityHandle constructor)
        {
            EntityHandle type = constructor.Kind == HandleKind.MemberReference
                ? reader.GetMemberReference((MemberReferenceHandle)constructor).Parent
                : reader.GetMethodDefinition((MethodDefinitionHandle)constructor).GetDeclaringType();
            return type.Kind switch
            {
                HandleKind.TypeReference => reader.GetString(reader.GetTypeReference((TypeReferenceHandle)type).Name),
                HandleKind.TypeDefinition => reader.GetString(reader.GetTypeDefinition((TypeDefinitionHandle)type).Name),
                _ => null,
            };
        }
    }
}
