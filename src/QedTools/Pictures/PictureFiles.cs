using System;
using System.IO;
using QedTools.Operations;
using QedTools.Sessions;

namespace QedTools.Pictures;

/// <summary>What the files of pictures may be.</summary>
internal static class PictureFiles
{
    private const int DefaultWidth = 1200;

    /// <summary>Makes the checks that do not depend on what is drawn.</summary>
    /// <param name="pictures">The files of the pictures drawn before.</param>
    /// <param name="file">The picture's file.</param>
    /// <param name="width">The requested width, in pixels; null for the default.</param>
    /// <returns>The picture's width, in pixels.</returns>
    /// <exception cref="QedRequestException">The name is taken, or is not one of an SVG file.</exception>
    /// <exception cref="QedLimitException">The width is too small.</exception>
    public static int RequireValidChoices(ResultFiles pictures, string file, int? width)
    {
        if (pictures.Contains(file))
        {
            throw new QedRequestException(file, "OutFile", file, "a separate file for each image", Messages.DuplicatePicture(file));
        }

        if (!string.Equals(Path.GetExtension(file), ".svg", StringComparison.OrdinalIgnoreCase))
        {
            throw new QedRequestException(file, "OutFile", Path.GetFileName(file), "a name that ends in .svg", Messages.InvalidPictureName(file));
        }

        int pixels = width ?? DefaultWidth;
        return pixels >= SvgLayout.MinWidth
            ? pixels
            : throw new QedLimitException(file, "Width", pixels, $"{SvgLayout.MinWidth} pixels or more");
    }
}
