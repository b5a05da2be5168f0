namespace QedTools.Pictures;

/// <summary>The style of SVG pictures: CSS classes for light and for dark screens.</summary>
/// <remarks>
/// The colours of neighbouring layers also differ in lightness, so they remain distinguishable in print and with every kind of
/// colour blindness. Zero is hatched as well.
/// </remarks>
internal static class SvgStyle
{
    /// <summary>The CSS rules. The file is self-contained and loads nothing from elsewhere.</summary>
    public const string Css = """

        text { font: 13px system-ui, "Segoe UI", "Noto Sans", sans-serif; fill: #1f2328; font-variant-numeric: tabular-nums; }
        svg { background: #ffffff; }
        .name { font-size: 20px; font-weight: 600; }
        .muted { fill: #59636e; }
        .small { font-size: 12px; }
        .end { text-anchor: end; }
        .ground { fill: #ffffff; }
        .cells { shape-rendering: crispEdges; }
        .free { fill: #e4e8ec; }
        .zero { fill: url(#hatch); }
        .hatch-ground { fill: #d3d9e0; }
        .line { fill: #7b8794; }
        .unknown { fill: url(#cross); }
        .alert { fill: #cf222e; }
        .seam { fill: #ffffff; fill-opacity: 0.55; }
        .layer0 { fill: #1a4fc4; }
        .layer1 { fill: #dd7412; }
        .layer2 { fill: #059c60; }
        .layer3 { fill: #8f2a8c; }
        .layer4 { fill: #911905; }
        .layer5 { fill: #6e7781; }
        @media (prefers-color-scheme: dark) {
          text { fill: #e6edf3; }
          svg { background: #0d1117; }
          .muted { fill: #9198a1; }
          .ground { fill: #0d1117; }
          .free { fill: #242a32; }
          .hatch-ground { fill: #39424d; }
          .line { fill: #7d8997; }
          .alert { fill: #ff7b72; }
          .seam { fill: #0d1117; }
          .layer0 { fill: #4d86f7; }
          .layer1 { fill: #e2762a; }
          .layer2 { fill: #0bc67c; }
          .layer3 { fill: #e59af1; }
          .layer4 { fill: #f2e454; }
          .layer5 { fill: #8b949e; }
        }

        """;

    /// <summary>The CSS class of a share.</summary>
    public static string ClassOf(int share) => share switch
    {
        MapShare.Zero => "zero",
        MapShare.Unallocated => "free",
        MapShare.Unknown => "unknown",
        _ => "layer" + (char)('0' + share),
    };
}
